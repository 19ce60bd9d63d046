//! Refusals of what is searched for.

use crate::services::refusal::refusals;

refusals! {
    pub enum SearchError as "sagemaker" {
        /// That a property has to be valid is documented: API reference, Filter.
        UnknownProperty { property: String, resource: String } = "ValidationException",
            assumed "Unknown property name: {property} is not a property of {resource}.";
        /// Documented: API reference, Filter. Which operators are for which types of property.
        OperatorOfType { operator: &'static str, property: String, kind: &'static str } = "ValidationException",
            assumed "The operator {operator} is not supported for the {kind} property {property}.";
        ValueOfType { value: String, property: String, kind: &'static str } = "ValidationException",
            assumed "The value {value} is not valid for the {kind} property {property}.";
        ValueMissing { property: String, operator: &'static str } = "ValidationException",
            assumed "A value must be specified for the property {property} with the operator {operator}.";
        /// The text is documented: API reference, Filter.
        ContainsLimit = "ValidationException",
            text "'CONTAINS' operator usage limit of 1 exceeded.";
        /// Documented: API reference, SearchExpression.
        EmptyExpression = "ValidationException",
            assumed "You must specify at least one subexpression, filter, or nested filter.";
        /// As above.
        LongExpression { most: usize } = "ValidationException",
            assumed "A search expression can contain up to {most} elements.";
        /// Documented: API reference, Search.
        DeepExpression { most: usize } = "ValidationException",
            assumed "The number of subexpressions, nested filters and filters in a search expression exceeds the limit of \
                     {most}.";
        /// Documented: API reference, VisibilityConditions.
        VisibilityKey { key: String } = "ValidationException",
            assumed "The key {key} of a visibility condition must be in the format Tags.<key>.";
        /// No answer of AWS: the operation is there, this form of it is not.
        SearchForm(resource: String) = "NotImplemented" 501,
            text "a search for {resource} is not implemented by this mock";
    }
}
