using Guardian.Refusals;

namespace Guardian.Documents;

/// <summary>The reasons for which a document is refused.</summary>
public static class DocumentReasons
{
    /// <summary>The document has mistakes.</summary>
    public static readonly RefusalReason BadDocument = new(
        "bad-document", RefusalKind.Invalid,
        "A YAML document (a session, contract, policy or configuration) is malformed, or members are missing, unknown or out of range.",
        "correct the listed lines");
}
