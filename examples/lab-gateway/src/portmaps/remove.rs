//! Removing a port map.

use super::{Inner, MapError};
use crate::firewall::Transaction;
use crate::store::{MapState, PortMap};

impl Inner {
    pub(super) async fn remove(&self, conn_port: u16) -> Result<PortMap, MapError> {
        let _change = self.lock().await?;
        let records = self.read().await?;
        let found = records.map(conn_port).filter(|map| map.state != MapState::Adding);
        let Some(map) = found.cloned() else { return Err(MapError::NotFound { conn_port }) };
        let rest = if map.state == MapState::Active {
            self.on_store(move |store| store.begin_removal(conn_port)).await?;
            self.remove_rule(&map).await?;
            self.forget(&map).await
        } else {
            self.clear(&map).await
        };
        match rest {
            // An allocation that cannot be given back is no failure: its lease stays, and is tried again.
            Ok(()) => {
                self.give_back().await;
                Ok(map)
            }
            // The rule is gone, and cannot come back with the old connections: what is left is finished later.
            Err(cause) => {
                let left = "its port leads nowhere any more".to_owned();
                Err(MapError::Interrupted { cause: Box::new(cause), left })
            }
        }
    }

    /// Removes the rule of a map, or leaves rule and record as they were.
    async fn remove_rule(&self, map: &PortMap) -> Result<(), MapError> {
        let Err(error) = self.firewall.apply(&Transaction::remove(map.rule())).await else { return Ok(()) };
        let there = match error.may_have_changed() {
            false => true,
            true => match self.has_rule(map).await {
                Ok(there) => there,
                Err(unreadable) => {
                    let cause = Box::new(MapError::Firewall(error));
                    return Err(MapError::Interrupted { cause, left: unreadable.to_string() });
                }
            },
        };
        if !there {
            return Ok(());
        }
        let port = map.conn_port;
        match self.on_store(move |store| store.complete(port)).await {
            Ok(()) => Err(error.into()),
            Err(left) => Err(MapError::Interrupted { cause: Box::new(error.into()), left: left.to_string() }),
        }
    }
}
