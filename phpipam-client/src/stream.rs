//! Streams of long lists: memory holds one row, not the list.

use std::collections::VecDeque;

use futures_util::stream::{BoxStream, StreamExt as _, unfold};

use crate::client::Client;
use crate::envelope::Reply;
use crate::error::{Error, Result};
use crate::request::ApiRequest;
use crate::rows::{Opened, Rows};
use crate::wire::{OneOrMany, Wire};

enum State<T> {
    Start(Box<(Result<ApiRequest>, Option<ApiRequest>)>),
    Rows(Box<Rows>),
    Buffered(VecDeque<T>),
    Done,
}

/// Returns the rows of a list as a stream.
///
/// A row that cannot be read is one item with an error. Any other error is the last item.
pub(crate) fn rows<'a, T: Wire + Send + 'a>(
    client: &'a Client,
    request: Result<ApiRequest>,
    parent: Option<ApiRequest>,
) -> BoxStream<'a, Result<T>> {
    let start = State::Start(Box::new((request, parent)));
    let rows = unfold(start, move |mut state| async move {
        loop {
            state = match state {
                State::Start(start) => match begin(client, *start).await {
                    Ok(begun) => begun,
                    Err(error) => return Some((Err(error), State::Done)),
                },
                State::Rows(mut rows) => {
                    let row = rows.next().await?;
                    // A bad row leaves the splitter at the start of the next one. After any other error the place in
                    // the body is unknown.
                    let last = matches!(&row, Err(error) if !matches!(error, Error::Row(_)));
                    return Some((row, if last { State::Done } else { State::Rows(rows) }));
                }
                State::Buffered(mut rows) => return Some((Ok(rows.pop_front()?), State::Buffered(rows))),
                State::Done => return None,
            };
        }
    });
    rows.boxed()
}

/// Calls `each` for the rows of a list as they arrive. The first row that cannot be read ends it, like any other error.
#[cfg(feature = "provider")]
pub(crate) async fn each<T: Wire + Send>(
    client: &Client,
    request: ApiRequest,
    parent: Option<ApiRequest>,
    mut each: impl FnMut(T) + Send,
) -> Result<()> {
    let mut rows = rows(client, Ok(request), parent);
    while let Some(row) = rows.next().await {
        each(row?);
    }
    Ok(())
}

async fn begin<T: Wire>(
    client: &Client,
    (request, parent): (Result<ApiRequest>, Option<ApiRequest>),
) -> Result<State<T>> {
    Ok(match client.open(&request?).await? {
        Opened::Rows(rows) => State::Rows(rows),
        Opened::Reply(Reply::Success(success)) => State::Buffered(success.decode::<OneOrMany<T>>()?.0.into()),
        Opened::Reply(Reply::Nothing { certain }) => {
            let parent = if certain { None } else { parent };
            State::Buffered(client.nothing_below::<T>(parent).await?.into())
        }
    })
}
