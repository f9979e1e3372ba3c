namespace Guardian.Cas.Client.Audit;

/// <summary>The end of a log, signed by the CAS. A copy that one keeps proves a later rollback.</summary>
/// <param name="Log">SHA-256 of the log's first line, lower-case hex; it identifies the log.</param>
/// <param name="Sequence">The number of lines.</param>
/// <param name="Hash">SHA-256 of the last line, lower-case hex.</param>
/// <param name="Time">When the CAS signed it, by its own clock; RFC 3339.</param>
public sealed record AuditHead(string Log, long Sequence, string Hash, string Time);
