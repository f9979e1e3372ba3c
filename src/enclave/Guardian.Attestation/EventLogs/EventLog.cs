using System.Security.Cryptography;
using Guardian.Attestation.Quotes;
using Guardian.Refusals;

namespace Guardian.Attestation.EventLogs;

/// <summary>One event of a log: something that was measured into a register.</summary>
/// <param name="Register">The RTMR, 0 to 3; -1 for an event that was not measured into one.</param>
/// <param name="Type">The type, as the log numbers it (TCG PC Client Platform Firmware Profile, 10.4.1).</param>
/// <param name="Digest">The digest that was extended into the register, 48 bytes.</param>
/// <param name="Data">The description of the event.</param>
/// <param name="IsDataProven">Whether the digest is the hash of the data. If it is not, the log says something about measured data
/// that it does not contain, and anyone who carried the log may have written the description.</param>
public sealed record LoggedEvent(int Register, uint Type, ReadOnlyMemory<byte> Digest, ReadOnlyMemory<byte> Data, bool IsDataProven);

/// <summary>An event log of a TDX trust domain, replayed: the values that its events give the registers. Immutable.</summary>
/// <remarks>A log proves nothing by itself. If its values are those of a verified quote, its digests were measured.</remarks>
public sealed class EventLog
{
    /// <summary>The number of RTMRs.</summary>
    public const int RegisterCount = 4;

    /// <summary>The largest log that is read, in bytes: firmware reserves 64 or 256 KiB.</summary>
    public const int MaxSize = 1024 * 1024;

    private readonly byte[][] registers = [.. Enumerable.Range(0, RegisterCount).Select(_ => new byte[SHA384.HashSizeInBytes])];

    internal EventLog(string form, IReadOnlyList<LoggedEvent> events)
    {
        Form = form;
        Events = events;
        var input = new byte[2 * SHA384.HashSizeInBytes];
        foreach (var each in events.Where(each => each.Register >= 0))
        {
            // RTMR = SHA-384(RTMR || digest), from zeros.
            registers[each.Register].CopyTo(input, 0);
            each.Digest.Span.CopyTo(input.AsSpan(SHA384.HashSizeInBytes));
            SHA384.HashData(input, registers[each.Register]);
        }
    }

    /// <summary>The form of the log, as people call it.</summary>
    public string Form { get; }

    /// <summary>The events, in order.</summary>
    public IReadOnlyList<LoggedEvent> Events { get; }

    /// <summary>The value that the events give a register, 48 bytes.</summary>
    /// <param name="index">The RTMR, 0 to 3.</param>
    public ReadOnlyMemory<byte> Rtmr(int index) => registers[index];

    /// <summary>Whether the log has events of a register.</summary>
    /// <param name="index">The RTMR, 0 to 3.</param>
    public bool Covers(int index) => Events.Any(each => each.Register == index);

    /// <summary>Reads a log: CCEL as firmware and Linux give it, the JSON of dstack, or the text of the guest components (AAEL).</summary>
    /// <param name="bytes">The log; at most <see cref="MaxSize"/> bytes.</param>
    /// <returns>The log, or a refusal. Never throws for any content.</returns>
    public static Outcome<EventLog> TryRead(ReadOnlyMemory<byte> bytes) =>
        bytes.Length > MaxSize ? Malformed($"it has {bytes.Length} bytes, more than {MaxSize}")
            : CcelReader.IsLog(bytes.Span) ? CcelReader.Read(bytes)
            : TextLogReader.TryRead(bytes);

    /// <summary>Compares the log with a trust domain of a verified quote.</summary>
    /// <param name="td">The trust domain.</param>
    /// <returns>Null if each register that the log covers has the replayed value; otherwise the refusal.</returns>
    /// <exception cref="ArgumentNullException"><paramref name="td"/> is null.</exception>
    public Refusal? Compare(TdReport td)
    {
        ArgumentNullException.ThrowIfNull(td);
        var covered = Enumerable.Range(0, RegisterCount).Where(Covers).ToList();
        var wrong = covered.Where(index => !td.Rtmr(index).Span.SequenceEqual(registers[index])).Select(index => $"rtmr{index}").ToList();
        return covered.Count == 0 ? QuoteReasons.WrongEventLog.At(QuoteStage.Policy, "the event log covers no register")
            : wrong.Count > 0 ? QuoteReasons.WrongEventLog.At(
                QuoteStage.Policy, $"the event log gives other values than the quote has: {string.Join(", ", wrong)}")
            : null;
    }

    internal static Refusal Malformed(string problem) =>
        QuoteReasons.BadEventLog.At(QuoteStage.Parse, $"the event log cannot be used: {problem}");
}
