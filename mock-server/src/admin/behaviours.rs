//! What the containers of an account's jobs do.

use super::{Answer, Problem, Site};
use crate::clock::wall;
use crate::kernel::{AccountId, Scope};
use crate::model::Behaviours;
use crate::scenario::behaviour::{self, Declared};
use serde_json::{Value, json};

impl Site {
    /// Every behaviour, in the order in which they are tried.
    pub(super) fn behaviours(&self, account: Option<&str>) -> Answer {
        let account = self.named(account)?;
        Ok(told(account.id, &account.read(&Scope::Global).behaviours))
    }

    /// Puts behaviours before all that are there. A reset of the account brings back those that the server began with.
    pub(super) fn declare_behaviours(&self, account: Option<&str>, body: &[u8]) -> Answer {
        let text = std::str::from_utf8(body).map_err(|error| Problem::bad(error.to_string()))?;
        let new = behaviour::parse(text).map_err(|problems| {
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            Problem::bad(problems.join("\n"))
        })?;
        self.change_behaviours(account, |behaviours| {
            if behaviours.iter().len() + new.len() > Behaviours::MOST {
                return Err(Problem::bad(format!("an account has {} behaviours at most", Behaviours::MOST)));
            }
            behaviours.put_first(new);
            Ok(())
        })
    }

    /// Forgets all behaviours, the server's too.
    pub(super) fn forget_behaviours(&self, account: Option<&str>) -> Answer {
        self.change_behaviours(account, |behaviours| {
            *behaviours = Behaviours::default();
            Ok(())
        })
    }

    fn change_behaviours(
        &self,
        account: Option<&str>,
        change: impl FnOnce(&mut Behaviours) -> Result<(), Problem>,
    ) -> Answer {
        let account = self.named(account)?;
        let behaviours = account.write(&Scope::Global, account.now(wall()), true, |txn| {
            change(&mut txn.state.behaviours)?;
            Ok::<_, Problem>(txn.state.behaviours.clone())
        })?;
        Ok(told(account.id, &behaviours))
    }
}

fn told(account: AccountId, behaviours: &Behaviours) -> Value {
    let all: Vec<_> = behaviours.iter().map(|behaviour| json!(Declared::from(&**behaviour))).collect();
    json!({ "account": account.to_string(), "behaviours": all })
}
