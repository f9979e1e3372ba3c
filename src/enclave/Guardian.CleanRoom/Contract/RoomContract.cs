using Guardian.Attestation.Policy;

namespace Guardian.CleanRoom.Contract;

/// <summary>
/// The agreement of a room's members: who takes part, which code may compute, on which data, which questions, under which rules.
/// Immutable; read from <c>room.yaml</c> (docs/spec/room.md).
/// </summary>
public sealed record RoomContract
{
    /// <summary>The most data sets of a room. Each data set of an analysis is one more merge of all rows.</summary>
    internal const int MaxDataSets = 8;

    /// <summary>The room's name: lower-case letters, digits and hyphens, at most 64.</summary>
    public required string Name { get; init; }

    /// <summary>1, and one more with each contract that succeeds another.</summary>
    public required int Version { get; init; }

    /// <summary>SHA-256 of the contract that this one succeeds, 32 bytes; null for the first.</summary>
    public ReadOnlyMemory<byte>? Previous { get; init; }

    /// <summary>The votes that a successor needs.</summary>
    public required VoteRule Amendment { get; init; }

    /// <summary>At least two members, by unique name.</summary>
    public required IReadOnlyList<RoomMember> Members { get; init; }

    /// <summary>The rights of members beyond those on their own data.</summary>
    public required RoomRoles Roles { get; init; }

    /// <summary>The enclaves that may run this room.</summary>
    public required AttestationPolicy Enclave { get; init; }

    /// <summary>The source of the room's key.</summary>
    public required RoomCas Cas { get; init; }

    /// <summary>The data sets, each of one owner.</summary>
    public required IReadOnlyList<DataSet> DataSets { get; init; }

    /// <summary>
    /// Name of the data set whose rows are the room's persons, when data sets have several identifiers; null when all match by one.
    /// </summary>
    public string? Persons { get; init; }

    /// <summary>The passes of a match by several identifiers: as many as <see cref="Persons"/> has; 1 when all match by one.</summary>
    public int PassCount => Persons is null ? 1 : FindDataSet(Persons)!.Identifiers.Count;

    /// <summary>The questions that may be asked.</summary>
    public required RoomAnalyses Analyses { get; init; }

    /// <summary>The rules that every answer must pass: the strictest of those of all members and of each owner.</summary>
    public required PrivacyRules Privacy { get; init; }

    /// <summary>Whether the members said that the difference guard begins anew; true for every contract that succeeds another.</summary>
    public bool IsGuardReset { get; init; }

    /// <summary>SHA-256 of the contract's bytes exactly as they were signed, 32 bytes.</summary>
    public required ReadOnlyMemory<byte> Hash { get; init; }

    /// <summary>Finds a data set by name.</summary>
    /// <returns>The data set, or null.</returns>
    public DataSet? FindDataSet(string name) => DataSets.FirstOrDefault(dataSet => dataSet.Name == name);

    /// <summary>The price of an answer for each of its data sets; null without noise.</summary>
    /// <param name="isLift">Whether lift is measured.</param>
    /// <param name="program">The program that is run; null for none.</param>
    internal decimal? PriceOf(bool isLift, string? program) =>
        isLift ? Analyses.Lift?.Epsilon : Analyses.FindProgram(program)?.Epsilon ?? Privacy.Epsilon;

    /// <summary>The names of all data sets, for messages.</summary>
    internal string DataSetNames => string.Join(", ", DataSets.Select(dataSet => dataSet.Name));
}

/// <summary>A member of a room.</summary>
/// <param name="Name">Unique in the room.</param>
/// <param name="PublicKey">Base64 of the DER SubjectPublicKeyInfo of a P-256 key.</param>
public sealed record RoomMember(string Name, string PublicKey);

/// <summary>Names of the members with each role. Owners of data sets contribute without a role.</summary>
/// <param name="Query">Members who may ask.</param>
/// <param name="Receive">Members who may read all answers, also those to others' questions.</param>
/// <param name="Pay">Members who bear the cost of the room; only stated for the record.</param>
public sealed record RoomRoles(IReadOnlyList<string> Query, IReadOnlyList<string> Receive, IReadOnlyList<string> Pay)
{
    /// <summary>
    /// The share of each data set's budget, up to 1, that the questions of a member may spend under this contract; a member who is not
    /// named may spend all.
    /// </summary>
    public IReadOnlyDictionary<string, decimal> BudgetShares { get; init; } = new Dictionary<string, decimal>();
}

/// <summary>The votes that a contract needs to succeed another; the members of the successor sign it in any case.</summary>
public enum VoteRule
{
    /// <summary>Every member of the contract it succeeds.</summary>
    All,

    /// <summary>More than half of the members of the contract it succeeds.</summary>
    Majority,
}

/// <summary>The CAS that gives the room's key.</summary>
/// <param name="Policy">The CAS enclaves that may hold the room's key.</param>
/// <param name="Session">Session and service, <c>SESSION/SERVICE</c>.</param>
/// <param name="SessionHash">Hash of the session as the CAS computes it, lower-case hex.</param>
/// <param name="Identity">SHA-256 of the first line of the log of the one CAS that is accepted, lower-case hex; null for any.</param>
/// <param name="Owners">The hash of the owners that this CAS must have, lower-case hex; null for any.</param>
public sealed record RoomCas(
    AttestationPolicy Policy, string Session, string SessionHash, string? Identity = null, string? Owners = null);

/// <summary>A column by data set and name, written <c>dataset.column</c>.</summary>
public sealed record ColumnReference(string DataSet, string Column)
{
    /// <returns><c>dataset.column</c></returns>
    public override string ToString() => $"{DataSet}.{Column}";

    /// <summary>Splits <c>dataset.column</c>; false when it is not two non-empty names.</summary>
    public static bool TryParse(string? text, out ColumnReference? reference)
    {
        var dot = text?.IndexOf('.', StringComparison.Ordinal) ?? -1;
        reference = dot > 0 && dot < text!.Length - 1 ? new ColumnReference(text[..dot], text[(dot + 1)..]) : null;
        return reference is not null;
    }
}
