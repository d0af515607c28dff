-- Version 2.
--
-- State of the item before and after the change, as JSON, without what the other columns say: `{}` for an allocation that
-- was made at the time of the change and has neither labels nor expiry. NULL if there was none, and in changes that
-- programs of version 1 have written.

ALTER TABLE event ADD COLUMN before TEXT;
ALTER TABLE event ADD COLUMN after TEXT;
