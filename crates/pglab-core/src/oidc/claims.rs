//! Whom the claims of a verified ID token describe: login, name, e-mail, groups, role. Pure; whether pglab has a place
//! for them is decided by `control`.

use serde_json::Value;

use super::{OidcSettings, Refusal};
use crate::person::{Login, Role};

/// The most groups that are looked at.
const MOST_GROUPS: usize = 2000;

/// What a provider said of somebody: the claims of the ID token, and of the userinfo endpoint where it was asked.
#[derive(Debug, Clone, PartialEq)]
pub struct Claims(pub serde_json::Map<String, Value>);

/// Somebody, as the provider describes them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// What stands in its way, if it can't be used; whoever is linked already needs none.
    pub login: Result<Login, Refusal>,
    pub name: Option<String>,
    pub email: Option<String>,
    pub email_verified: bool,
    pub external_id: Option<String>,
    pub groups: Vec<String>,
    /// `None`: none of the groups means anything here.
    pub role: Option<Role>,
}

impl Claims {
    /// By name, or by a path into objects. A name is also looked for as it is, because names may hold dots.
    fn get(&self, name: &str) -> Option<&Value> {
        if let Some(value) = self.0.get(name) {
            return Some(value);
        }
        let (first, rest) = name.split_once('.')?;
        rest.split('.')
            .try_fold(self.0.get(first)?, |value, part| value.get(part))
    }

    fn text(&self, name: &str) -> Option<String> {
        let text = match self.get(name)? {
            Value::String(text) => text.trim().to_owned(),
            Value::Number(number) => number.to_string(),
            _ => return None,
        };
        let fits = !text.is_empty() && text.len() <= 500 && !text.chars().any(char::is_control);
        fits.then_some(text)
    }

    fn is_true(&self, name: &str) -> bool {
        match self.get(name) {
            Some(Value::Bool(value)) => *value,
            Some(Value::String(text)) => text == "true",
            _ => false,
        }
    }

    fn list(&self, name: &str) -> Vec<String> {
        match self.get(name) {
            Some(Value::String(one)) => vec![one.clone()],
            Some(Value::Array(several)) => several
                .iter()
                .filter_map(|each| each.as_str().map(str::to_owned))
                .take(MOST_GROUPS)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Is something missing that the settings ask for? Then the userinfo endpoint may know it.
    pub fn lack(&self, settings: &OidcSettings) -> bool {
        let names = &settings.claims;
        let wanted = [Some(&names.login), Some(&names.name), Some(&names.email)];
        let more = [names.external_id.as_ref(), names.groups.as_ref()];
        wanted
            .into_iter()
            .chain(more)
            .flatten()
            .any(|name| self.get(name).is_none())
    }

    /// Did the provider leave the groups out because there are too many?
    pub fn groups_left_out(&self, settings: &OidcSettings) -> bool {
        let Some(name) = &settings.claims.groups else {
            return false;
        };
        let overage = self
            .0
            .get("_claim_names")
            .is_some_and(|names| names.get(name).is_some());
        overage && self.get(name).is_none()
    }

    fn login(&self, settings: &OidcSettings, email_verified: bool) -> Result<Login, Refusal> {
        let name = &settings.claims.login;
        // An address that nobody verified can be anybody's.
        if name == "email" && !email_verified {
            return Err(Refusal::Unverified);
        }
        let login = self.text(name).ok_or(Refusal::NoLogin)?.to_lowercase();
        let suffix = settings
            .login_suffix
            .as_deref()
            .unwrap_or_default()
            .to_lowercase();
        let login = login.strip_suffix(&suffix).unwrap_or(&login);
        Login::parse(login).map_err(|_| Refusal::BadLogin)
    }

    /// # Errors
    /// A [`Refusal`]: an address that is not allowed.
    pub fn read(&self, settings: &OidcSettings) -> Result<Claimed, Refusal> {
        let names = &settings.claims;
        let email = self.text(&names.email).filter(|email| email.contains('@'));
        // Only the standard claim says so, and only of the standard address.
        let email_verified = names.email == "email" && self.is_true("email_verified");
        if !settings.email_domains.is_empty() {
            let domain = email.as_deref().and_then(|email| email.rsplit_once('@'));
            let domain = domain.map(|(_, domain)| domain.to_lowercase());
            let allowed = domain.is_some_and(|domain| {
                settings
                    .email_domains
                    .iter()
                    .any(|allowed| allowed.to_lowercase() == domain)
            });
            if !allowed {
                return Err(Refusal::Domain);
            }
            if !email_verified {
                return Err(Refusal::Unverified);
            }
        }
        let groups = names
            .groups
            .as_deref()
            .map(|name| self.list(name))
            .unwrap_or_default();
        Ok(Claimed {
            login: self.login(settings, email_verified),
            name: self.text(&names.name),
            email,
            email_verified,
            external_id: names.external_id.as_deref().and_then(|name| self.text(name)),
            role: role_of(settings, &groups),
            groups,
        })
    }
}

/// The greatest role that one of these groups has.
fn role_of(settings: &OidcSettings, groups: &[String]) -> Option<Role> {
    let roles = &settings.roles;
    [
        (Role::Admin, &roles.admin),
        (Role::Instructor, &roles.instructor),
        (Role::Student, &roles.student),
    ]
    .into_iter()
    .find_map(|(role, names)| {
        names
            .iter()
            .any(|name| name == "*" || groups.contains(name))
            .then_some(role)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::oidc::settings::example;

    fn claims(value: Value) -> Claims {
        let Value::Object(map) = value else { panic!() };
        Claims(map)
    }

    fn login(value: Value, settings: &OidcSettings) -> Result<String, Refusal> {
        claims(value).read(settings)?.login.map(String::from)
    }

    #[test]
    fn a_person_of_keycloak() {
        let mut settings = example();
        settings.claims.groups = Some("realm_access.roles".to_owned());
        settings.claims.external_id = Some("matriculation".to_owned());
        settings.roles.instructor = vec!["lecturer".to_owned()];
        settings.roles.student = vec!["*".to_owned()];
        let ada = claims(json!({
            "sub": "1", "preferred_username": "Ada", "name": "Ada Lovelace", "email": "ada@example.edu",
            "email_verified": true, "matriculation": 4711, "realm_access": { "roles": ["lecturer", "x"] },
        }));
        let found = ada.read(&settings).unwrap();
        assert_eq!(found.login.unwrap().as_str(), "ada");
        assert_eq!(found.role, Some(Role::Instructor));
        assert_eq!(found.external_id.as_deref(), Some("4711"));
        assert!(found.email_verified && !ada.lack(&settings));
        // Names of groups are compared to the letter.
        let other = claims(json!({ "preferred_username": "bob", "realm_access": { "roles": ["Lecturer"] } }));
        assert_eq!(other.read(&settings).unwrap().role, Some(Role::Student));
        assert!(other.lack(&settings));
    }

    #[test]
    fn a_login_from_an_address_needs_a_verified_one() {
        let mut settings = example();
        settings.claims.login = "email".to_owned();
        settings.login_suffix = Some("@Example.edu".to_owned());
        let of = |verified: Value| {
            login(
                json!({ "email": "Ada@example.edu", "email_verified": verified }),
                &settings,
            )
        };
        assert_eq!(of(json!(true)).unwrap(), "ada");
        assert_eq!(of(json!("true")).unwrap(), "ada");
        assert_eq!(of(json!(false)), Err(Refusal::Unverified));
        assert_eq!(of(Value::Null), Err(Refusal::Unverified));
        let elsewhere = json!({ "email": "ada@evil.example", "email_verified": true });
        assert_eq!(login(elsewhere, &settings).unwrap(), "ada@evil.example");
    }

    #[test]
    fn domains_are_compared_whole() {
        let mut settings = example();
        settings.email_domains = vec!["example.edu".to_owned()];
        let of = |email: &str, verified: bool| {
            claims(json!({ "preferred_username": "ada", "email": email, "email_verified": verified }))
                .read(&settings)
                .map(|_| ())
        };
        assert_eq!(of("ada@EXAMPLE.edu", true), Ok(()));
        assert_eq!(of("ada@example.edu", false), Err(Refusal::Unverified));
        assert_eq!(of("ada@evil-example.edu", true), Err(Refusal::Domain));
        assert_eq!(of("ada@x.example.edu", true), Err(Refusal::Domain));
        assert_eq!(of("ada@example.edu@evil.example", true), Err(Refusal::Domain));
    }

    #[test]
    fn logins_that_can_not_be() {
        let settings = example();
        let of = |value: Value| login(json!({ "preferred_username": value }), &settings).map(|_| ());
        assert_eq!(of(json!("pg_monitor")), Err(Refusal::BadLogin));
        assert_eq!(of(json!("postgres")), Err(Refusal::BadLogin));
        assert_eq!(of(json!("")), Err(Refusal::NoLogin));
        assert_eq!(of(json!(["ada"])), Err(Refusal::NoLogin));
        assert_eq!(of(json!("a\nb")), Err(Refusal::NoLogin));
        assert_eq!(of(json!("x".repeat(64))), Err(Refusal::BadLogin));
    }
}
