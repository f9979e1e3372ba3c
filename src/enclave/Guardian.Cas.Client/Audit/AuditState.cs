using System.Text.Json.Serialization;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;

namespace Guardian.Cas.Client.Audit;

/// <summary>The facts about a CAS that follow from the verified lines of its log up to a place. Immutable.</summary>
internal sealed record AuditState
{
    /// <summary>The state before the first line.</summary>
    public static AuditState Empty { get; } = new() { Log = "", Hash = AuditLine.Origin };

    /// <summary>SHA-256 of the first line: the identity of the CAS. Empty before it.</summary>
    public required string Log { get; init; }

    /// <summary>The number of lines.</summary>
    public long Sequence { get; init; }

    /// <summary>SHA-256 of the last line.</summary>
    public required string Hash { get; init; }

    /// <summary>The commitment to the key of the store.</summary>
    public byte[] StoreKey { get; init; } = [];

    /// <summary>MRENCLAVE of the code that wrote the first line, and then of all code that the owners approved.</summary>
    public IReadOnlyList<string> Code { get; init; } = [];

    /// <summary>All owners to whom shares of the present key were dealt; the last ones own the CAS.</summary>
    public IReadOnlyList<AuditOwners> Owners { get; init; } = [];

    /// <summary>The keys that may sign lines, SubjectPublicKeyInfo by its SHA-256.</summary>
    public IReadOnlyDictionary<string, byte[]> Keys { get; init; } = new Dictionary<string, byte[]>();

    /// <summary>The present owners; null when nobody owns the CAS.</summary>
    [JsonIgnore]
    public AuditOwners? Present => Owners.Count > 0 ? Owners[^1] : null;

    /// <summary>Continues by a line. The caller has verified that it follows, its signature, and the statement in it.</summary>
    /// <param name="payload">The line's payload.</param>
    /// <param name="hash">SHA-256 of the line.</param>
    /// <param name="start">The content of the line's statement; null when it has none.</param>
    /// <param name="code">MRENCLAVE in the statement's quote; null when there is no statement.</param>
    /// <returns>The next state, or why the line is not acceptable here.</returns>
    public Outcome<AuditState> Apply(AuditPayload payload, string hash, AuditStart? start, string? code)
    {
        var next = this with { Sequence = payload.Sequence, Hash = hash, Log = Sequence == 0 ? hash : Log };
        if (!payload.IsAboutTrust)
        {
            return next;
        }
        var isRecovery = payload.Event == AuditLine.Recovered;
        if (start is not null && code is not null)
        {
            if (Sequence > 0 && !Code.Contains(code))
            {
                return CasReasons.NotTrusted.Because(
                    $"entry {payload.Sequence} begins with the code {code}, which the owners of this CAS did not approve");
            }
            if (Sequence > 0 && !isRecovery && !start.StoreKey.AsSpan().SequenceEqual(StoreKey))
            {
                return CasReasons.Altered.Because($"entry {payload.Sequence} begins with another key of the store");
            }
            next = next with
            {
                StoreKey = start.StoreKey, Code = Sequence == 0 ? [code] : Code,
                Keys = new Dictionary<string, byte[]>(Keys) { [payload.Key] = start.Key },
            };
        }
        if (payload.Owners is { } owners)
        {
            next = next with { Owners = isRecovery ? [owners] : [.. Owners, owners] };
        }
        return payload.Approved is { } approved && !Code.Contains(approved) ? next with { Code = [.. Code, approved] } : next;
    }
}
