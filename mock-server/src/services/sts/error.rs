//! The errors of STS: one variant for each thing that it refuses, with its exact code and text.

use crate::services::refusal::refusals;

refusals! {
    /// Why STS refuses. What is not marked was seen in public logs of STS, MissingClaim with `aud` alone.
    pub enum StsError as "sts" {
        /// A role that does not exist is refused in the same words, so that nobody learns which roles there are.
        /// What follows on the role, if anything, says which policy decided.
        AccessDenied { caller: String, action: &'static str, role: String, reason: String } = "AccessDenied" 403,
            text "User: {caller} is not authorized to perform: {action} on resource: {role}{reason}";
        NoWebIdentity(action: &'static str) = "AccessDenied" 403,
            text "Not authorized to perform {action}";
        /// `GetSessionToken` and `GetFederationToken` were seen to say this.
        WithSession(operation: &'static str) = "AccessDenied" 403,
            text "Cannot call {operation} with session credentials";
        /// Nobody here has a device.
        Mfa = "AccessDenied" 403,
            text "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial \
                 number is valid and associated with this user.";
        OtherSourceIdentity = "AccessDenied" 403,
            assumed "The source identity of a session cannot be changed by the sessions that it makes";
        InvalidArn(arn: String) = "ValidationError",
            text "{arn} is invalid";
        TooLong = "ValidationError",
            text "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.";
        ChainedTooLong = "ValidationError",
            text "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role \
                 chaining.";
        /// Source: STS API reference, AssumeRole: at most ten.
        TooManyPolicies = "ValidationError",
            assumed "You can pass at most 10 managed session policy ARNs";
        NoSuchPolicy(arn: String) = "MalformedPolicyDocument",
            assumed "The managed policy {arn} does not exist or cannot be a session policy here";
        Malformed(text: String) = "MalformedPolicyDocument",
            text "{text}";
        PackedPolicy(percent: i32) = "PackedPolicyTooLarge",
            text "Packed policy consumes {percent}% of allotted space, please use smaller policy.";
        PackedTags(percent: i32) = "PackedPolicyTooLarge",
            text "Packed size of session tags consumes {percent}% of allotted space.";
        DuplicateTags = "InvalidParameterValue",
            text "Duplicate tag keys found. Please note that Tag keys are case insensitive.";
        ReservedTag(key: String) = "InvalidParameterValue",
            assumed "The tag key {key} begins with aws:, which is reserved";
        NoSuchTransitive = "InvalidParameterValue",
            text "The specified transitive tag key must be included in the requested tags.";
        TransitiveConflict = "InvalidParameterValue",
            text "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag \
                 key from the calling session.";
        NotJwt = "InvalidIdentityToken",
            text "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access Token)";
        MissingClaim(claim: &'static str) = "InvalidIdentityToken",
            text "Missing a required claim: {claim}";
        NoProvider(issuer: String) = "InvalidIdentityToken",
            text "No OpenIDConnect provider found in your account for {issuer}";
        Audience = "InvalidIdentityToken",
            text "Incorrect token audience";
        TokenExpired { now: i64, expired: i64 } = "ExpiredTokenException",
            text "Token expired: current date/time {now} must be before the expiration date/time {expired}";
        UnknownKey = "ValidationError",
            assumed "The access key does not belong to any account that is known here";
        BadMessage = "InvalidAuthorizationMessageException",
            assumed "Message is not valid";
    }
}
