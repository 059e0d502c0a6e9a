//! Who we are on the server: version, user and libraries, found out once and again with every probe.

use crosswatch_port::Fault;
use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use super::{
    connection::Connection,
    wire::{List, SystemInfo, User, View},
};
use crate::library::Library;

/// The oldest version that has the calls we use.
const OLDEST: (u32, u32) = (10, 9);

/// The account as the server knows it.
#[derive(Debug, Clone)]
pub(super) struct Account {
    /// The server's own id.
    pub(super) server_id: SmolStr,
    /// The server's version.
    pub(super) version: SmolStr,
    /// The user's id.
    pub(super) user_id: SmolStr,
    /// The user's name as the server writes it.
    pub(super) user_name: SmolStr,
    /// The chosen libraries; `None` is the whole server.
    pub(super) libraries: Option<Vec<SmolStr>>,
}

impl Account {
    /// Asks the server everything that has to be known before state is read or written.
    pub(super) async fn resolve(connection: &Connection) -> Result<Self, Fault> {
        let system: SystemInfo = connection.read_anonymous("/System/Info/Public").await?.json()?;
        check_server(&system)?;
        let user = resolve_user(connection).await?;
        let (Some(user_id), Some(server_id)) = (user.id.written(), system.id.written()) else {
            return Err(Fault::Transient(
                "the server did not tell its id or the user's id; is it still starting?".into(),
            ));
        };
        let libraries = match &connection.options().libraries {
            crate::LibraryFilter::All => None,
            filter => filter.choose(&list_libraries(connection, &user_id).await?)?,
        };
        Ok(Self {
            server_id,
            version: system.version.text_or_empty().into(),
            user_id,
            user_name: user.name.text_or_empty().into(),
            libraries,
        })
    }
}

fn check_server(system: &SystemInfo) -> Result<(), Fault> {
    let (product, version) = (system.product_name.text_or_empty(), system.version.text_or_empty());
    let is_something_else = !product.is_empty() && !product.contains("Jellyfin");
    let mut numbers = version.split('.').map(str::parse::<u32>);
    let is_recent = match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => (major, minor) >= OLDEST,
        _ => false,
    };
    if is_something_else {
        return Err(Fault::Rejected(format_smolstr!("the server is \"{product}\", not Jellyfin; check kind and url")));
    }
    if !is_recent {
        return Err(Fault::Rejected(format_smolstr!(
            "the server says it is version \"{version}\"; Jellyfin 10.9 or later is needed, please update it"
        )));
    }
    Ok(())
}

/// A user's token answers `/Users/Me`; an API key has no user, is refused there with 400, and may list all users.
async fn resolve_user(connection: &Connection) -> Result<User, Fault> {
    let wanted = connection.options().user.trim();
    let is_wanted = |user: &User| {
        user.name.text_or_empty().to_lowercase() == wanted.to_lowercase() || user.id.text_or_empty() == wanted
    };
    let own = connection.send(connection.get("/Users/Me")).await?;
    if own.status.as_u16() == 400 {
        let users: Vec<User> = connection.read("/Users").await?.json()?;
        let mut names: Vec<SmolStr> = users.iter().map(|user| user.name.text_or_empty().to_smolstr()).collect();
        names.sort_unstable();
        return users.into_iter().find(is_wanted).ok_or_else(|| {
            Fault::Auth(format_smolstr!("there is no user \"{wanted}\"; the server has: {}", names.join(", ")))
        });
    }
    let own: User = own.success()?.json()?;
    if is_wanted(&own) {
        return Ok(own);
    }
    Err(Fault::Auth(format_smolstr!(
        "the token belongs to \"{}\", not to \"{wanted}\"; use a token of \"{wanted}\" or an API key",
        own.name.text_or_empty()
    )))
}

async fn list_libraries(connection: &Connection, user_id: &str) -> Result<Vec<Library>, Fault> {
    let call = connection.get("/UserViews").query("userId", user_id);
    let views: List<View> = connection.send(call).await?.success()?.json()?;
    let library = |view: View| {
        let holds_video =
            matches!(view.collection_type.text_or_empty(), "" | "movies" | "tvshows" | "mixed" | "homevideos");
        Some(Library { id: view.id.written()?, name: view.name.text_or_empty().into(), holds_video })
    };
    Ok(views.into_items().filter_map(library).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(json: &str, expected: Option<&str>) {
        let refused = check_server(&serde_json::from_str(json).unwrap()).err().map(|fault| fault.to_string());
        match expected {
            None => assert_eq!(refused, None, "{json}"),
            Some(part) => assert!(refused.as_deref().is_some_and(|text| text.contains(part)), "{json}: {refused:?}"),
        }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        check(r#"{"Version":"10.9.0","ProductName":"Jellyfin Server"}"#, None);
        check(r#"{"Version":"10.11.8"}"#, None);
        check(r#"{"Version":"12.0.0-rc5"}"#, None);
        check(r#"{"Version":"10.8.13"}"#, Some("10.9 or later"));
        check(r#"{"Version":"9.99"}"#, Some("10.9 or later"));
        check(r#"{"ServerName":"x"}"#, Some("10.9 or later"));
        check(r#"{"Version":"10.9.0","ProductName":"Emby Server"}"#, Some("not Jellyfin"));
    }
}
