//! Blocks of a store, and what lies in them.

use ipnet::IpNet;

use crate::net::best_fit;
use crate::{Block, BlockFilter, BlockId, Result, SpaceId};

/// Access to the blocks.
pub(crate) trait Blocks {
    /// Returns the block of this id.
    fn block(&mut self, id: &BlockId) -> Result<Option<Block>>;
    /// Adds a block.
    fn insert_block(&mut self, block: &Block) -> Result<()>;
    /// Replaces what is stored under the block's id.
    fn update_block(&mut self, block: &Block) -> Result<()>;
    /// Removes a block.
    fn remove_block(&mut self, id: &BlockId) -> Result<()>;
    /// Returns the prefixes of ranges and of blocks other than `net` itself that lie in `net`, in ascending order.
    /// Prefixes may repeat and nest.
    fn nets_within(&mut self, space: &SpaceId, net: IpNet) -> Result<Vec<IpNet>>;
    /// Returns a free prefix of this length in the block `net`, by [best fit](crate::net::best_fit). A free prefix
    /// overlaps no range and no other block in it. `None` if there is no room.
    ///
    /// A store that keeps no index of free prefixes leaves this as it is.
    fn free_child(&mut self, space: &SpaceId, net: IpNet, prefix_len: u8) -> Result<Option<IpNet>> {
        Ok(best_fit(net, &self.nets_within(space, net)?.into_iter().collect(), prefix_len))
    }
    /// Returns the block of exactly this prefix.
    fn block_of_net(&mut self, space: &SpaceId, net: IpNet) -> Result<Option<Block>>;
    /// Returns the smallest block that holds a prefix, or has exactly this prefix: the
    /// [`Range::block`](crate::Range::block) of a range there.
    ///
    /// A store that can find it in one step has a method of its own.
    fn block_around(&mut self, space: &SpaceId, net: IpNet) -> Result<Option<BlockId>> {
        for len in (0..=net.prefix_len()).rev() {
            let Ok(outer) = IpNet::new(net.addr(), len) else { continue };
            if let Some(block) = self.block_of_net(space, outer.trunc())? {
                return Ok(Some(block.id));
            }
        }
        Ok(None)
    }
    /// Returns at most `limit` blocks that match, after the id `after`, by id.
    fn list_blocks(&mut self, filter: &BlockFilter, after: Option<&BlockId>, limit: usize) -> Result<Vec<Block>>;
}
