using Guardian.Attestation;

namespace Guardian.CleanRoom;

/// <summary>
/// What the members of a room agreed on: who takes part, which code may compute, on which data, which questions, under which
/// rules. Immutable; read from <c>room.yaml</c> (docs/spec/room.md).
/// </summary>
public sealed record RoomContract
{
    /// <summary>The room's name: lower-case letters, digits and hyphens, at most 64.</summary>
    public required string Name { get; init; }

    /// <summary>At least two members, by unique name.</summary>
    public required IReadOnlyList<RoomMember> Members { get; init; }

    /// <summary>The enclaves that may run this room.</summary>
    public required AttestationPolicy Enclave { get; init; }

    /// <summary>Where the enclave gets the room's key from.</summary>
    public required RoomCas Cas { get; init; }

    /// <summary>The data sets, each of one owner.</summary>
    public required IReadOnlyList<DataSet> DataSets { get; init; }

    /// <summary>The questions that may be asked.</summary>
    public required RoomAnalyses Analyses { get; init; }

    /// <summary>The rules every answer must pass.</summary>
    public required PrivacyRules Privacy { get; init; }

    /// <summary>Names of the members who may ask and receive answers.</summary>
    public required IReadOnlyList<string> Recipients { get; init; }

    /// <summary>SHA-256 of the contract's bytes as they were signed, 32 bytes.</summary>
    public required ReadOnlyMemory<byte> Hash { get; init; }

    /// <summary>The data set of that name, or null.</summary>
    public DataSet? FindDataSet(string name) => DataSets.FirstOrDefault(dataSet => dataSet.Name == name);
}

/// <param name="PublicKey">Base64 of the DER SubjectPublicKeyInfo of a P-256 key.</param>
public sealed record RoomMember(string Name, string PublicKey);

/// <param name="Policy">The CAS enclaves that may hold the room's key.</param>
/// <param name="Session">Session and service, <c>SESSION/SERVICE</c>.</param>
/// <param name="SessionHash">Hash of the session as the CAS computes it, lower-case hex.</param>
public sealed record RoomCas(AttestationPolicy Policy, string Session, string SessionHash);

/// <summary>The analyses a contract allows; null means not allowed.</summary>
public sealed record RoomAnalyses
{
    /// <summary>Counts of matched persons, with filters on both sides.</summary>
    public bool Overlap { get; init; }

    /// <summary>Counts of matched persons by the values of one or two columns.</summary>
    public bool Crosstab { get; init; }

    /// <summary>The effect of a campaign, fixed in the contract before anyone sees an outcome.</summary>
    public LiftDesign? Lift { get; init; }
}

/// <summary>The design of a lift measurement (intent-to-treat).</summary>
public sealed record LiftDesign
{
    /// <summary>The category column that says to which arm each person was assigned at random.</summary>
    public required ColumnReference Assignment { get; init; }

    /// <summary>The value of <see cref="Assignment"/> that means no treatment.</summary>
    public required string Control { get; init; }

    /// <summary>Intended share of each arm in the order of the column's values, summing to 1; the sample-ratio check tests against it.</summary>
    public required IReadOnlyList<double> Shares { get; init; }

    /// <summary>Columns of the other data set: flags give rates, integers and decimals give means per head.</summary>
    public required IReadOnlyList<ColumnReference> Outcomes { get; init; }

    /// <summary>Whether a person who was assigned but is not in the outcome data set counts, with outcome zero.</summary>
    public required LiftPopulation Population { get; init; }
}

/// <summary>Over whom lift is measured.</summary>
public enum LiftPopulation
{
    /// <summary>Persons in both data sets: right when the outcome data set lists customers.</summary>
    Matched,

    /// <summary>Everyone assigned: right when the outcome data set lists buyers only.</summary>
    Assigned,
}

/// <param name="MinimumAudience">k: the least number of persons in a set that is reported, and in its complement; at least 20.</param>
/// <param name="Epsilon">Privacy loss of one answer's discrete Laplace noise, or null when the members agreed on exact counts.</param>
public sealed record PrivacyRules(int MinimumAudience, double? Epsilon);

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
