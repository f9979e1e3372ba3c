using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Cas.Client.Protocol;

namespace Guardian.Cli.Commands.Cas;

/// <summary>The owners of a CAS, as results show them.</summary>
/// <param name="Keys">Their public keys; none when nobody owns the CAS.</param>
/// <param name="Threshold">How many of them recover the store together.</param>
/// <param name="Hash">Names this set of owners; null when there are none.</param>
/// <param name="Witness">The witness; null when there is none.</param>
internal sealed record OwnersResult(IReadOnlyList<string> Keys, int Threshold, string? Hash, WitnessResult? Witness)
{
    public static OwnersResult Of(OwnersDescription owners) =>
        new([.. owners.Keys], owners.Threshold, owners.Hash, WitnessResult.Of(owners.Witness));

    /// <summary>The owners in one line.</summary>
    public override string ToString() => $"{Threshold} of {string.Join(", ", Keys)}; witness: {WitnessResult.Describe(Witness)}";
}

/// <summary>The witness of a CAS, as results show it.</summary>
internal sealed record WitnessResult(string Address, string Session, string Identity)
{
    public static WitnessResult? Of(WitnessDescription? witness) =>
        witness is null ? null : new WitnessResult(witness.Address, witness.Session, witness.Identity);

    /// <summary>The witness in one line.</summary>
    public static string Describe(WitnessResult? witness) => witness is null ? "none" : 
        $"{witness.Session} at {witness.Address}, identity {witness.Identity}";
}

/// <summary>Source-generated JSON of this group's results.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(OwnersResult))]
[JsonSerializable(typeof(CasAttestResult))]
[JsonSerializable(typeof(CasRecoveringResult))]
[JsonSerializable(typeof(CasRecoverResult))]
[JsonSerializable(typeof(CasTrustResult))]
[JsonSerializable(typeof(FileResult))]
[JsonSerializable(typeof(OwnersProposeResult))]
[JsonSerializable(typeof(OwnersSignResult))]
[JsonSerializable(typeof(CreatorsResult))]
[JsonSerializable(typeof(CreatorsProposeResult))]
[JsonSerializable(typeof(CreatorsSignResult))]
[JsonSerializable(typeof(UpgradeProposeResult))]
[JsonSerializable(typeof(UpgradeSignResult))]
[JsonSerializable(typeof(UpgradeApproveResult))]
[JsonSerializable(typeof(AuditFetchResult))]
[JsonSerializable(typeof(AuditVerifyResult))]
[JsonSerializable(typeof(AuditEntryResult))]
internal sealed partial class CasResultsJson : JsonSerializerContext;
