//! Users as they are read.

use crate::wire::{Hidden, ServerTime, UserId, YesNo, model};

model! {
    /// A user's whole row, password hash and token included: the server sends it to apps of the admin level.
    pub struct User {
        /// The id.
        id: UserId = "id",
        /// The name to log in with.
        username: String = "username",
        /// The id of the authentication method.
        auth_method: Option<i64> = "authMethod",
        /// Whether only passkeys are accepted; since 1.7.
        passkey_only: Option<bool> = "passkey_only",
        /// The password's hash.
        password: Option<Hidden> = "password",
        /// The groups, as a JSON object in a text.
        groups: Option<String> = "groups",
        /// The role, such as `Administrator`.
        role: Option<String> = "role",
        /// The real name.
        real_name: Option<String> = "real_name",
        /// The e-mail address.
        email: Option<String> = "email",
        /// Whether it comes from a directory.
        domain_user: bool = "domainUser",
        /// The widgets of the start page.
        widgets: Option<String> = "widgets",
        /// The id of the language.
        language: Option<i64> = "lang",
        /// The ids of favourite subnets.
        favourite_subnets: Option<String> = "favourite_subnets",
        /// Whether the user cannot log in; since 1.4.
        disabled: YesNo = "disabled",
        /// Whether notifications are sent by mail.
        mail_notify: YesNo = "mailNotify",
        /// Whether the changelog is sent by mail.
        mail_changelog: YesNo = "mailChangelog",
        /// Whether the password must be changed.
        must_change_password: YesNo = "passChange",
        /// When it was last changed.
        edit_date: Option<ServerTime> = "editDate",
        /// The last login.
        last_login: Option<ServerTime> = "lastLogin",
        /// The last activity.
        last_activity: Option<ServerTime> = "lastActivity",
        /// A setting of the interface.
        compress_override: Option<String> = "compressOverride",
        /// A setting of the interface.
        hide_free_range: bool = "hideFreeRange",
        /// A setting of the interface.
        menu_type: Option<String> = "menuType",
        /// A setting of the interface.
        menu_compact: bool = "menuCompact",
        /// Whether a second factor is on; since 1.4.
        second_factor: Option<bool> = "2fa",
        /// The secret of the second factor.
        second_factor_secret: Option<Hidden> = "2fa_secret",
        /// A setting of the interface.
        theme: Option<String> = "theme",
        /// The API token.
        token: Option<Hidden> = "token",
        /// When the API token ends.
        token_valid_until: Option<ServerTime> = "token_valid_until",
        /// The module permissions, as a JSON object in a text; since 1.4.
        module_permissions: Option<String> = "module_permissions",
        /// A setting of the interface.
        compress_actions: Option<bool> = "compress_actions",
        /// May use PowerDNS; before 1.4.
        power_dns: Option<YesNo> = "pdns",
        /// May edit VLANs; before 1.4.
        edit_vlan: Option<YesNo> = "editVlan",
        /// May edit circuits; before 1.4.
        edit_circuits: Option<YesNo> = "editCircuits",
        /// May edit phone numbers; before 1.4.
        phone_numbers: Option<i64> = "pstn",
    }
}
