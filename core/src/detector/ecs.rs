//! Tasks of ECS, and the services that they are of: CloudWatch measures services, the bill has tasks.

use super::resources::Resource;

/// Names of the tag that AWS puts on a service's tasks, as reports spell it.
const SERVICE_TAGS: [&str; 3] = ["aws:ecs:serviceName", "aws:ecs_service_name", "aws:ecs:service_name"];

/// A service, or a task that is of none, as far as its tags say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service<'f> {
    /// A service of a cluster.
    Named {
        /// What stands before `task/` in a task's ARN.
        before: &'f str,
        /// The cluster.
        cluster: &'f str,
        /// Its name.
        name: &'f str,
    },
    /// A task by its id.
    Single(&'f str),
}

impl Service<'_> {
    /// What a service is called: its ARN, and its name behind its cluster's.
    pub fn ids(&self) -> Vec<String> {
        match self {
            Service::Named { before, cluster, name } => {
                vec![format!("{before}service/{cluster}/{name}"), format!("{cluster}/{name}")]
            }
            Service::Single(id) => vec![(*id).to_owned()],
        }
    }
}

/// The service of a task, by its ARN (`…:task/CLUSTER/ID`) and its tag.
pub fn service<'f>(task: &Resource<'f>) -> Service<'f> {
    let named = || {
        let (before, rest) = task.id().split_once("task/")?;
        let (cluster, _) = rest.split_once('/')?;
        Some(Service::Named { before, cluster, name: task.tag(&SERVICE_TAGS)? })
    };
    named().unwrap_or(Service::Single(task.id()))
}
