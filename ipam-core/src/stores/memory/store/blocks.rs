//! Blocks in memory.

use ipnet::IpNet;

use super::super::state::State;
use crate::engine::Blocks;
use crate::{Block, BlockFilter, BlockId, Result, SpaceId};

impl Blocks for State {
    fn block(&mut self, id: &BlockId) -> Result<Option<Block>> {
        Ok(self.inventory.block(id).cloned())
    }

    fn insert_block(&mut self, block: &Block) -> Result<()> {
        self.inventory.insert_block(block.clone());
        Ok(())
    }

    fn update_block(&mut self, block: &Block) -> Result<()> {
        self.inventory.update_block(block.clone());
        Ok(())
    }

    fn remove_block(&mut self, id: &BlockId) -> Result<()> {
        self.inventory.remove_block(id);
        Ok(())
    }

    fn nets_within(&mut self, space: &SpaceId, net: IpNet) -> Result<Vec<IpNet>> {
        Ok(self.inventory.nets_within(space, net))
    }

    fn free_child(&mut self, space: &SpaceId, net: IpNet, prefix_len: u8) -> Result<Option<IpNet>> {
        Ok(self.inventory.free_child(space, net, prefix_len))
    }

    fn block_of_net(&mut self, space: &SpaceId, net: IpNet) -> Result<Option<Block>> {
        Ok(self.inventory.block_of_net(space, net).cloned())
    }

    fn block_around(&mut self, space: &SpaceId, net: IpNet) -> Result<Option<BlockId>> {
        let space = self.inventory.space_number(space);
        Ok(space.and_then(|space| self.inventory.block_id_around(space, net)))
    }

    fn list_blocks(&mut self, filter: &BlockFilter, after: Option<&BlockId>, limit: usize) -> Result<Vec<Block>> {
        let found = self.inventory.blocks_after(after).filter(|block| filter.matches(block));
        Ok(found.take(limit).cloned().collect())
    }
}
