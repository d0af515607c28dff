-- Version 2. Programs of version 1 can go on: they neither read nor write the new columns.
--
-- State of the item before and after the change, without what the other columns say: `{}` for an allocation that was made
-- at the time of the change and has neither labels nor expiry. NULL if there was none, and in changes of programs of
-- version 1.

ALTER TABLE event ADD COLUMN before jsonb, ADD COLUMN after jsonb;
