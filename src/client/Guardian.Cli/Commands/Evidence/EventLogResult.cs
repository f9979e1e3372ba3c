using Guardian.Attestation.EventLogs;
using Guardian.Attestation.Verification;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Refusals;

namespace Guardian.Cli.Commands.Evidence;

/// <summary>An event log beside the quote of a trust domain.</summary>
/// <param name="Form">The form of the log; null if it has none that is known.</param>
/// <param name="Events">The number of events.</param>
/// <param name="Proven">The number of events whose description has the digest that was measured.</param>
/// <param name="Registers">The registers that the log covers.</param>
/// <param name="Matches">Whether all of them have the values of the quote.</param>
internal sealed record EventLogResult(
    string? Form, int? Events, int? Proven, IReadOnlyList<string>? Registers, bool Matches, string? Reason, string? Detail)
{
    /// <summary>Reads a log and compares it with a verified quote.</summary>
    /// <exception cref="RefusedException">The quote is of no trust domain, or the file is missing.</exception>
    public static EventLogResult Of(string path, VerifiedQuote quote)
    {
        if (quote.TdReport is not { } td)
        {
            throw CliReasons.Usage.Refuse("--event-log is for the quote of a trust domain, and this is an enclave's", "omit --event-log");
        }
        var (log, refusal) = EventLog.TryRead(InputFile.ReadBytes(path, EventLog.MaxSize));
        if (log is null)
        {
            return new EventLogResult(null, null, null, null, false, refusal!.Code, refusal.Detail);
        }
        var fault = log.Compare(td);
        return new EventLogResult(
            log.Form, log.Events.Count, log.Events.Count(each => each.IsDataProven),
            [.. Enumerable.Range(0, EventLog.RegisterCount).Where(log.Covers).Select(index => $"rtmr{index}")],
            fault is null, fault?.Code, fault?.Detail);
    }
}
