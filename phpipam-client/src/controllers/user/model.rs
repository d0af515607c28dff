//! Models of users.

use crate::wire::{Hidden, ServerTime, UserId, YesNo, model};

model! {
    /// User with all columns, password hash and token included: the server sends them to apps with admin permission.
    pub struct User {
        /// Id.
        id: UserId = "id",
        /// Name to log in with.
        username: String = "username",
        /// Id of the authentication method.
        auth_method: Option<i64> = "authMethod",
        /// True if only passkeys are accepted; since 1.7, `None` before.
        passkey_only: Option<bool> = "passkey_only",
        /// Password hash.
        password: Option<Hidden> = "password",
        /// Groups, as a JSON object in a text.
        groups: Option<String> = "groups",
        /// Role, such as `Administrator`.
        role: Option<String> = "role",
        /// Real name.
        real_name: Option<String> = "real_name",
        /// E-mail address.
        email: Option<String> = "email",
        /// True for a user of a directory.
        domain_user: bool = "domainUser",
        /// Widgets of the start page.
        widgets: Option<String> = "widgets",
        /// Id of the language.
        language: Option<i64> = "lang",
        /// Ids of favourite subnets.
        favourite_subnets: Option<String> = "favourite_subnets",
        /// True if the user cannot log in; since 1.4, false before.
        disabled: YesNo = "disabled",
        /// True if notifications are sent by mail.
        mail_notify: YesNo = "mailNotify",
        /// True if the changelog is sent by mail.
        mail_changelog: YesNo = "mailChangelog",
        /// True if the password must be changed.
        must_change_password: YesNo = "passChange",
        /// Time of the last change.
        edit_date: Option<ServerTime> = "editDate",
        /// Time of the last login.
        last_login: Option<ServerTime> = "lastLogin",
        /// Time of the last activity.
        last_activity: Option<ServerTime> = "lastActivity",
        /// Setting of the web interface.
        compress_override: Option<String> = "compressOverride",
        /// Setting of the web interface.
        hide_free_range: bool = "hideFreeRange",
        /// Setting of the web interface.
        menu_type: Option<String> = "menuType",
        /// Setting of the web interface.
        menu_compact: bool = "menuCompact",
        /// True if a second factor is on; since 1.4, `None` before.
        second_factor: Option<bool> = "2fa",
        /// Secret of the second factor.
        second_factor_secret: Option<Hidden> = "2fa_secret",
        /// Setting of the web interface.
        theme: Option<String> = "theme",
        /// API token.
        token: Option<Hidden> = "token",
        /// Expiry of the API token.
        token_valid_until: Option<ServerTime> = "token_valid_until",
        /// Module permissions, as a JSON object in a text; since 1.4, `None` before.
        module_permissions: Option<String> = "module_permissions",
        /// Setting of the web interface.
        compress_actions: Option<bool> = "compress_actions",
        /// True if the user may use PowerDNS; before 1.4 only.
        power_dns: Option<YesNo> = "pdns",
        /// True if the user may edit VLANs; before 1.4 only.
        edit_vlan: Option<YesNo> = "editVlan",
        /// True if the user may edit circuits; before 1.4 only.
        edit_circuits: Option<YesNo> = "editCircuits",
        /// Level of rights for phone numbers; before 1.4 only.
        phone_numbers: Option<i64> = "pstn",
    }
}
