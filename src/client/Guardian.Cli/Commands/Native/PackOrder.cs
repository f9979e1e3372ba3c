using System.Text.Json.Serialization;
using Guardian.Cli.Options;

namespace Guardian.Cli.Commands.Native;

/// <summary>Everything that a pack is made of, besides the program's files.</summary>
internal sealed record PackOrder
{
    /// <summary>SESSION/SERVICE.</summary>
    public required string Session { get; init; }

    /// <summary>The CAS that is pinned.</summary>
    public required CasTarget Cas { get; init; }

    /// <summary>The program's path; null for the image's.</summary>
    public required string? Entry { get; init; }

    /// <summary>The path of each volume.</summary>
    public required IReadOnlyDictionary<string, string> Volumes { get; init; }

    /// <summary>The folders in memory.</summary>
    public required IReadOnlyList<string> MemoryFolders { get; init; }

    /// <summary>Whether the session accepts the simulated platform, instead of hardware.</summary>
    public required bool IsSimulated { get; init; }

    /// <summary>The file of the key that signs.</summary>
    public required string Key { get; init; }

    /// <summary>The enclave's size.</summary>
    public required string EnclaveSize { get; init; }

    /// <summary>The number of threads.</summary>
    public required int Threads { get; init; }

    /// <summary>The folder of the premain.</summary>
    public required string Premain { get; init; }
}

/// <summary>The file <c>pack.json</c> of a pack: what the host that starts it needs. The enclave does not read it.</summary>
/// <param name="Session">SESSION/SERVICE.</param>
/// <param name="Cas">The address of the CAS.</param>
/// <param name="Volumes">The names of the volumes.</param>
internal sealed record PackFile(string Session, string Cas, IReadOnlyList<string> Volumes);

/// <summary>The result of <c>native pack</c>.</summary>
/// <param name="MrEnclave">The measurement on SGX; null when no Gramine with SGX is installed here.</param>
/// <param name="SimulatedMrEnclave">The measurement of the simulated platform.</param>
/// <param name="MrSigner">The signer.</param>
/// <param name="Entry">The program's path.</param>
/// <param name="Files">The number of trusted files.</param>
/// <param name="SessionFile">The draft of the session.</param>
internal sealed record NativePackResult(
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? MrEnclave, string SimulatedMrEnclave, string MrSigner,
    string Entry, int Files, string SessionFile);

/// <summary>The host's choices, which the premain reads.</summary>
internal sealed record HostChoices(
    string Cas, string CasWait, string? Replica, string? StartToken, IReadOnlyList<string> Arguments,
    IReadOnlyDictionary<string, string> Variables);

/// <summary>Source-generated JSON of this group.</summary>
[JsonSourceGenerationOptions(
    System.Text.Json.JsonSerializerDefaults.Strict,
    PropertyNamingPolicy = System.Text.Json.Serialization.JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(HostChoices))]
[JsonSerializable(typeof(NativePackResult))]
[JsonSerializable(typeof(PackFile))]
internal sealed partial class NativeJson : JsonSerializerContext;
