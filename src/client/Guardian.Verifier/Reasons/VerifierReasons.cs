using Guardian.Refusals;

namespace Guardian.Verifier.Reasons;

/// <summary>The reasons for which a verifying service refuses a request, besides those of the evidence itself.</summary>
public static class VerifierReasons
{
    /// <summary>The body of a request is malformed or too large.</summary>
    public static readonly RefusalReason BadRequest = new(
        "bad-request", RefusalKind.Invalid, "The body of a request is not the JSON of docs/reference/verifier.md, or is too large.",
        "send a JSON object: evidence (base64), nonce (a text of POST /v1/nonces), endorsements (for SEV-SNP: leaf, chain)");

    /// <summary>The request is no evidence: it is a token.</summary>
    public static readonly RefusalReason NotEvidence = new(
        "not-evidence", RefusalKind.Invalid, "The request has a token, which is the result of a verifier and not evidence.",
        "verify the token yourself: guardian verify TOKEN --keys FILE");

    /// <summary>The nonce was not made by this verifier.</summary>
    public static readonly RefusalReason UnknownNonce = new(
        "unknown-nonce", RefusalKind.Unverified, "The nonce is not one that this verifier made since its start.",
        "get one: POST /v1/nonces");

    /// <summary>The nonce has expired.</summary>
    public static readonly RefusalReason ExpiredNonce = new(
        "expired-nonce", RefusalKind.Unverified, "The nonce was made too long ago.", "get a new one: POST /v1/nonces");

    /// <summary>The nonce was used before.</summary>
    public static readonly RefusalReason UsedNonce = new(
        "used-nonce", RefusalKind.Unverified, "A token was already made for the nonce.", "get a new one: POST /v1/nonces");

    /// <summary>The evidence does not carry the nonce.</summary>
    public static readonly RefusalReason WrongNonce = new(
        "wrong-nonce", RefusalKind.Unverified, "The first 32 bytes of the evidence's report data are not the nonce.",
        "get a nonce first, and make the evidence with its 32 bytes at the beginning of the report data");

    /// <summary>Evidence that names no key needs a nonce.</summary>
    public static readonly RefusalReason NonceNeeded = new(
        "nonce-needed", RefusalKind.Unverified,
        "The evidence names no key and the request has no nonce, so the evidence may be a copy of an old one.",
        "get a nonce first: POST /v1/nonces");

    /// <summary>The services of collateral did not answer for the evidence's platform.</summary>
    public static readonly RefusalReason CollateralAway = new(
        "collateral-away", RefusalKind.Unavailable,
        "The signatures of the evidence hold, and no service gave the collateral of its platform so far.",
        "try again in a few minutes; the verifier's operator sees in its log what the services answer");

    /// <summary>The verifier, or the peer's share of it, has no room.</summary>
    public static readonly RefusalReason Busy = new(
        "busy", RefusalKind.Unavailable, "The verifier has as much work as it takes at a time.", "try again a little later");

    /// <summary>The peer asks too often.</summary>
    public static readonly RefusalReason TooManyRequests = new(
        "too-many-requests", RefusalKind.Unavailable, "One address sends more requests than the verifier takes from it.",
        "try again a little later");
}
