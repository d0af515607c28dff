-- Version 3. Programs of older versions can go on: they only find their plans changed.

-- The search of a GiST index read nearly all of it where many prefixes of one length lie side by side. In the order of a
-- B-tree a prefix stands right before all prefixes inside of it.
CREATE INDEX range_prefix ON range (net, space);
DROP INDEX range_net;
-- The high-water mark of a range changes, and no index has it: with room in its block, an update leaves the indexes alone.
ALTER TABLE range SET (fillfactor = 50);
