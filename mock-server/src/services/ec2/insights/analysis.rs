//! Analyses of paths: started, described and deleted. What they find is what [`net::insights`](crate::net::insights) says.
//!
//! Source: Reachability Analyzer guide; EC2-NIA-*.

use super::super::client_token;
use super::super::describe::{Describe, Each, Listed, Resource, Text, Window, find, stored_in};
use super::super::error::insights::InsightsError;
use super::super::error::{Ec2Error, Missing};
use super::super::filter::{Filter, Filters, Probe};
use super::super::tags::{self, TagSet, TagSpecification};
use super::permission::may_look;
use super::view::{FactsView, StepView};
use crate::kernel::{AccountId, Memo};
use crate::model::insights::{AnalysisStatus, Facts, InsightsAnalysisIndex};
use crate::model::{
    Id, InsightsAnalysis, InsightsPath, NetworkInsightsAnalysisId, NetworkInsightsPathId, Owner, Site, State,
    Txn,
};
use crate::net::insights;
use crate::services::{Caller, Operation, Page, Read, View, Write, page};
use serde::{Deserialize, Serialize, Serializer};
use std::sync::Arc;

impl Resource for InsightsAnalysis {
    const DESCRIBE: &'static str = "DescribeNetworkInsightsAnalyses";
    const LIST: &'static str = "NetworkInsightsAnalyses";
    const IDS: &'static str = "networkInsightsAnalysisIds";
    const KIND: &'static str = "network-insights-analysis";
    const LEAST: i64 = 1;
    const MOST: usize = 100;
    /// No filter does.
    const ID_FILTER: &'static str = "";
    const FILTERS: &'static [&'static str] = &["path-found", "status"];

    stored_in!(insights_analyses);

    fn not_found(missing: Missing) -> Ec2Error {
        match missing.0.iter().find(|id| NetworkInsightsAnalysisId::parse(id).is_none()) {
            Some(malformed) => InsightsError::AnalysisMalformed(malformed.clone()).into(),
            None => InsightsError::AnalysisNotFound(missing).into(),
        }
    }

    fn owner(id: NetworkInsightsAnalysisId) -> Option<Owner> {
        Some(Owner::InsightsAnalysis(id))
    }

    fn values(&self, _: &State, name: &str, probe: &mut Probe<'_>) {
        match name {
            "path-found" => self.found().into_iter().for_each(|outcome| probe.flag(outcome.found)),
            "status" => probe.is(self.status.name()),
            _ => probe.unknown(),
        }
    }

    fn print<S: Serializer>(&self, site: &Site, serializer: S) -> Result<S::Ok, S::Error> {
        print_as(self, self.status, site, serializer)
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct AnalysisView<'a, A: Serialize, F: Serialize, B: Serialize, E: Serialize, G: Serialize> {
    network_insights_analysis_id: Text<NetworkInsightsAnalysisId>,
    network_insights_analysis_arn: String,
    network_insights_path_id: Text<NetworkInsightsPathId>,
    additional_accounts: Option<A>,
    filter_in_arns: Option<&'a [Arc<str>]>,
    filter_out_arns: Option<&'a [Arc<str>]>,
    start_date: i64,
    status: &'static str,
    status_message: Option<&'static str>,
    network_path_found: Option<bool>,
    forward_path_components: Option<F>,
    return_path_components: Option<B>,
    explanations: Option<E>,
    suggested_accounts: Option<G>,
    tags: TagSet<'a>,
}

fn print_as<S: Serializer>(
    row: &InsightsAnalysis,
    status: AnalysisStatus,
    site: &Site,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let found = row.found().filter(|_| status == AnalysisStatus::Succeeded);
    let given = |arns: &'_ Arc<[Arc<str>]>| !arns.is_empty();
    let steps = |steps: &[Facts]| !steps.is_empty();
    AnalysisView {
        network_insights_analysis_id: Text(row.id),
        network_insights_analysis_arn: site.arn("ec2", format_args!("{}/{}", InsightsAnalysis::KIND, row.id)),
        network_insights_path_id: Text(row.path),
        additional_accounts: (!row.accounts.is_empty())
            .then_some(Each(|| row.accounts.iter().map(|account| Text(*account)))),
        filter_in_arns: Some(&*row.filter_in).filter(|_| given(&row.filter_in)),
        filter_out_arns: Some(&*row.filter_out).filter(|_| given(&row.filter_out)),
        start_date: row.started.millis(),
        status: status.name(),
        status_message: match status {
            AnalysisStatus::Failed(why) => Some(why),
            _ => None,
        },
        network_path_found: found.map(|outcome| outcome.found),
        forward_path_components: found.filter(|it| steps(&it.forward)).map(|outcome| {
            Each(|| outcome.forward.iter().enumerate().map(|(n, step)| StepView(n + 1, step)))
        }),
        return_path_components: found
            .filter(|it| steps(&it.back))
            .map(|outcome| Each(|| outcome.back.iter().enumerate().map(|(n, step)| StepView(n + 1, step)))),
        explanations: found
            .filter(|it| steps(&it.explanations))
            .map(|outcome| Each(|| outcome.explanations.iter().map(FactsView))),
        suggested_accounts: found
            .filter(|it| !it.suggested.is_empty())
            .map(|outcome| Each(|| outcome.suggested.iter().map(|account| Text(*account)))),
        tags: TagSet(&row.tags),
    }
    .serialize(serializer)
}

// === Start ===

/// Source: the page of StartNetworkInsightsAnalysis; Reachability Analyzer guide, "Quotas"; EC2-NIP-404,
/// EC2-NIA-FILTER, EC2-NIP-LIMIT, EC2-IDEM.
pub struct StartNetworkInsightsAnalysis;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct StartIn {
    network_insights_path_id: String,
    additional_accounts: Vec<String>,
    filter_in_arns: Vec<String>,
    filter_out_arns: Vec<String>,
    tag_specifications: Vec<TagSpecification>,
    client_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StartOut {
    network_insights_analysis: Begun,
}

/// An analysis as its start answers it, however soon it is over.
struct Begun(Listed<InsightsAnalysis>);

impl Serialize for Begun {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        print_as(&self.0.row, AnalysisStatus::Running, &self.0.site, serializer)
    }
}

impl Operation for StartNetworkInsightsAnalysis {
    const NAME: &'static str = "StartNetworkInsightsAnalysis";
    type In = StartIn;
    type Out = StartOut;
    type Error = Ec2Error;
}

impl Write for StartNetworkInsightsAnalysis {
    fn run(txn: &mut Txn<'_>, caller: &Caller, mut input: StartIn) -> Result<StartOut, Ec2Error> {
        let token = input.client_token.take();
        let asked = format!("{input:?}");
        let row = client_token::once(txn, Self::NAME, token.as_deref(), &asked, |txn, key| {
            start(txn, caller, input, key)
        })?;
        Ok(StartOut { network_insights_analysis: Begun(Listed::new(&txn.state, row)) })
    }
}

fn start(
    txn: &mut Txn<'_>,
    caller: &Caller,
    input: StartIn,
    client_token: Option<u128>,
) -> Result<Arc<InsightsAnalysis>, Ec2Error> {
    let state = &txn.state;
    let path = find::<InsightsPath>(state, &input.network_insights_path_id)?.clone();
    let account =
        |text: &String| AccountId::parse(text).ok_or_else(|| InsightsError::BadAccount(text.clone()));
    let accounts = input.additional_accounts.iter().map(account).collect::<Result<Vec<_>, _>>()?;
    let filter_in = arns("filterInArns", input.filter_in_arns)?;
    let filter_out = arns("filterOutArns", input.filter_out_arns)?;
    let tags = tags::given(state, InsightsAnalysis::KIND, input.tag_specifications)?;
    let (most, most_running) = (state.quotas.insights_analyses, state.quotas.concurrent_insights_analyses);
    if state.insights_analyses.len() >= most {
        return Err(InsightsError::TooManyAnalyses(most).into());
    }
    if state.insights_analyses.count(&InsightsAnalysisIndex::Running) >= most_running {
        return Err(InsightsError::TooManyRunning(most_running).into());
    }
    let outcome = insights::look(txn, &path, &accounts, (&filter_in, &filter_out));
    let row = InsightsAnalysis {
        id: Id::mint(txn),
        path: path.id,
        accounts,
        filter_in,
        filter_out,
        started: txn.now,
        status: AnalysisStatus::Running,
        outcome: Arc::new(outcome.map_err(Ec2Error::NotBuilt)?),
        permitted: may_look(txn, caller),
        client_token,
        tags,
        memo: Memo::default(),
    };
    Ok(insights::start(txn, row))
}

fn arns(parameter: &'static str, given: Vec<String>) -> Result<Arc<[Arc<str>]>, InsightsError> {
    let is_arn = |text: &str| text.starts_with("arn:") && text.splitn(6, ':').count() == 6;
    match given.iter().find(|text| !is_arn(text)) {
        Some(arn) => Err(InsightsError::BadArn { parameter, arn: arn.clone() }),
        None => Ok(given.into_iter().map(Arc::from).collect()),
    }
}

// === Describe ===

/// Of a path, or those with these ids. The page says that one of the two has to be given; nobody is refused who gives
/// none, as tools that list all analyses do.
pub struct DescribeNetworkInsightsAnalyses;

#[derive(Deserialize, Debug, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct DescribeAnalysesIn {
    network_insights_analysis_ids: Vec<String>,
    network_insights_path_id: Option<String>,
    /// Milliseconds: those that were started then or later, and before.
    analysis_start_time: Option<i64>,
    analysis_end_time: Option<i64>,
    filters: Vec<Filter>,
    max_results: Option<i64>,
    next_token: Option<String>,
}

impl Operation for DescribeNetworkInsightsAnalyses {
    const NAME: &'static str = Describe::<InsightsAnalysis>::NAME;
    type In = DescribeAnalysesIn;
    type Out = Page<Listed<InsightsAnalysis>>;
    type Error = Ec2Error;

    fn subjects(input: &DescribeAnalysesIn) -> Vec<Owner> {
        let ids = input.network_insights_analysis_ids.iter();
        ids.filter_map(|id| NetworkInsightsAnalysisId::parse(id)).map(Owner::InsightsAnalysis).collect()
    }
}

impl Read for DescribeNetworkInsightsAnalyses {
    fn run(view: &View<'_>, input: DescribeAnalysesIn) -> Result<Self::Out, Ec2Error> {
        let state = view.state;
        let ids = &input.network_insights_analysis_ids;
        if !ids.is_empty() && input.max_results.is_some() {
            return Err(Ec2Error::PagedIds(InsightsAnalysis::IDS));
        }
        let (least, most) = (InsightsAnalysis::LEAST, InsightsAnalysis::MOST);
        let window = Window::between(input.max_results, input.next_token.as_deref(), least, most, Id::parse)?;
        let filters = Filters::tagged(input.filters, InsightsAnalysis::FILTERS)?;
        let missing: Vec<_> =
            ids.iter().filter(|id| find::<InsightsAnalysis>(state, id).is_err()).cloned().collect();
        if !missing.is_empty() {
            return Err(InsightsAnalysis::not_found(Missing(missing)));
        }
        let path = input.network_insights_path_id.as_deref().map(|id| find::<InsightsPath>(state, id));
        let path = path.transpose()?.map(|path| path.id);
        let rows: Box<dyn Iterator<Item = &Arc<InsightsAnalysis>>> = match path {
            Some(path) => Box::new(state.insights_analyses.by(&InsightsAnalysisIndex::Path(path))),
            None => Box::new(state.insights_analyses.iter()),
        };
        let mut scratch = String::new();
        let rows = rows.filter(|row| {
            let at = row.started.millis();
            (ids.is_empty() || ids.contains(&row.id.to_string()))
                && window.after.is_none_or(|after| row.id > after)
                && input.analysis_start_time.is_none_or(|from| from <= at)
                && input.analysis_end_time.is_none_or(|to| at <= to)
                && filters.pass(&mut scratch, &row.tags, |name, probe| row.values(state, name, probe))
        });
        let rows = rows.map(|row| Listed::new(state, row.clone()));
        let (rows, next_token) = page::cut(rows, window.limit, |listed| listed.row.id.to_string());
        Ok(Page { rows, next_token })
    }
}

// === Delete ===

/// One that still runs goes, too. Source: the page of DeleteNetworkInsightsAnalysis, which says nothing else.
pub struct DeleteNetworkInsightsAnalysis;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct AnalysisIn {
    network_insights_analysis_id: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct AnalysisOut {
    network_insights_analysis_id: Text<NetworkInsightsAnalysisId>,
}

impl Operation for DeleteNetworkInsightsAnalysis {
    const NAME: &'static str = "DeleteNetworkInsightsAnalysis";
    type In = AnalysisIn;
    type Out = AnalysisOut;
    type Error = Ec2Error;
}

impl Write for DeleteNetworkInsightsAnalysis {
    fn run(txn: &mut Txn<'_>, _: &Caller, input: AnalysisIn) -> Result<AnalysisOut, Ec2Error> {
        let id = find::<InsightsAnalysis>(&txn.state, &input.network_insights_analysis_id)?.id;
        txn.state.remove_insights_analysis(id);
        Ok(AnalysisOut { network_insights_analysis_id: Text(id) })
    }
}
