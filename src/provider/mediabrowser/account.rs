//! Who we are on the server: version, user and libraries, found out once and again with every probe.
//!
//! A user's token may be used for that user only, whatever its rights: a token of somebody else stops the account. An API
//! key belongs to the server, so the configured name picks the user.

use crosswatch_port::Fault;
use smol_str::{SmolStr, ToSmolStr, format_smolstr};

use super::{
    Dialect,
    connection::Connection,
    wire::{List, Session, SystemInfo, User, View},
};
use crate::library::Library;

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
    /// The credentials are the server's own and belong to no user.
    pub(super) is_of_api_key: bool,
    /// The chosen libraries; `None` is the whole server.
    pub(super) libraries: Option<Vec<SmolStr>>,
}

impl Account {
    /// Asks the server everything that has to be known before state is read or written.
    pub(super) async fn resolve(connection: &Connection) -> Result<Self, Fault> {
        let system: SystemInfo = connection.read_anonymous("/System/Info/Public").await?.json()?;
        check_server(connection.dialect(), &system)?;
        let owner = owner(connection).await?;
        let is_of_api_key = owner.is_none();
        let user = match owner {
            Some(owner) => owner_is_wanted(owner, &connection.options().user)?,
            None => pick_user(connection).await?,
        };
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
            is_of_api_key,
            libraries,
        })
    }
}

fn check_server(dialect: Dialect, system: &SystemInfo) -> Result<(), Fault> {
    let (product, version) = (system.product_name.text_or_empty(), system.version.text_or_empty());
    let is_something_else = !product.is_empty() && !product.contains(&dialect.to_string());
    let mut numbers = version.split('.').map(str::parse::<u32>);
    let number = match (numbers.next(), numbers.next()) {
        (Some(Ok(major)), Some(Ok(minor))) => Some((major, minor)),
        _ => None,
    };
    if is_something_else {
        return Err(Fault::Rejected(format_smolstr!("the server is \"{product}\", not {dialect}; check kind and url")));
    }
    if number.is_none_or(|number| number < dialect.oldest()) {
        let (major, minor) = dialect.oldest();
        return Err(Fault::Rejected(format_smolstr!(
            "the server says it is version \"{version}\"; {dialect} {major}.{minor} or later is needed, please update it"
        )));
    }
    Ok(())
}

/// The user a token belongs to; `None` for an API key.
///
/// Jellyfin answers `/Users/Me`, and with 400 to an API key. Emby has no such call; but every request of a client that
/// names its device shows in the session of that device, with the user the token belongs to.
async fn owner(connection: &Connection) -> Result<Option<User>, Fault> {
    if connection.dialect() == Dialect::Jellyfin {
        let own = connection.send(connection.get("/Users/Me")).await?;
        return if own.status.as_u16() == 400 { Ok(None) } else { own.success()?.json().map(Some) };
    }
    let call = connection.get("/Sessions").query("DeviceId", &connection.options().device_id);
    let sessions: Vec<Session> = connection.send(call).await?.success()?.json()?;
    let latest = sessions.into_iter().max_by_key(|session| session.last_activity_date.moment());
    Ok(latest.and_then(|session| {
        session.user_id.text().filter(|id| id.chars().any(|digit| digit != '0'))?;
        Some(User { id: session.user_id, name: session.user_name })
    }))
}

fn owner_is_wanted(owner: User, wanted: &str) -> Result<User, Fault> {
    if owner.is(wanted) {
        return Ok(owner);
    }
    let wanted = wanted.trim();
    Err(Fault::Auth(format_smolstr!(
        "the token belongs to \"{}\", not to \"{wanted}\"; use a token of \"{wanted}\" or an API key",
        owner.name.text_or_empty()
    )))
}

async fn pick_user(connection: &Connection) -> Result<User, Fault> {
    let wanted = connection.options().user.trim();
    let users: Vec<User> = connection.read("/Users").await?.json()?;
    let mut names: Vec<SmolStr> = users.iter().map(|user| user.name.text_or_empty().to_smolstr()).collect();
    names.sort_unstable();
    users.into_iter().find(|user| user.is(wanted)).ok_or_else(|| {
        Fault::Auth(format_smolstr!("there is no user \"{wanted}\"; the server has: {}", names.join(", ")))
    })
}

async fn list_libraries(connection: &Connection, user_id: &str) -> Result<Vec<Library>, Fault> {
    let call = match connection.dialect() {
        Dialect::Jellyfin => connection.get("/UserViews").query("userId", user_id),
        Dialect::Emby => connection.get(&format!("/Users/{user_id}/Views")).query("IncludeExternalContent", "false"),
    };
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

    fn check(dialect: Dialect, json: &str, expected: Option<&str>) {
        let refused = check_server(dialect, &serde_json::from_str(json).unwrap()).err().map(|fault| fault.to_string());
        match expected {
            None => assert_eq!(refused, None, "{json}"),
            Some(part) => assert!(refused.as_deref().is_some_and(|text| text.contains(part)), "{json}: {refused:?}"),
        }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        for (json, expected) in [
            (r#"{"Version":"10.9.0","ProductName":"Jellyfin Server"}"#, None),
            (r#"{"Version":"10.11.8"}"#, None),
            (r#"{"Version":"12.0.0-rc5"}"#, None),
            (r#"{"Version":"10.8.13"}"#, Some("10.9 or later")),
            (r#"{"Version":"9.99"}"#, Some("10.9 or later")),
            (r#"{"ServerName":"x"}"#, Some("10.9 or later")),
            (r#"{"Version":"10.9.0","ProductName":"Emby Server"}"#, Some("not Jellyfin")),
        ] {
            check(Dialect::Jellyfin, json, expected);
        }
        for (json, expected) in [
            (r#"{"Version":"4.7.14.0"}"#, None),
            (r#"{"Version":"4.9.1.90"}"#, None),
            (r#"{"Version":"4.6.7.0"}"#, Some("4.7 or later")),
            (r#"{"Version":"3.5"}"#, Some("4.7 or later")),
            (r#"{"Version":"10.11.8","ProductName":"Jellyfin Server"}"#, Some("not Emby")),
        ] {
            check(Dialect::Emby, json, expected);
        }
    }
}
