using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.Cas.Client;

/// <summary>What an admitted service gets: everything it needs to start. Holds secrets.</summary>
/// <param name="SessionHash">SHA-256 of the session's bytes, lower-case hex.</param>
/// <param name="Environment">The variables, placeholders replaced by secrets.</param>
public sealed record StartupConfiguration(
    string Session, string Service, string SessionHash, IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment);

/// <summary>A session as the CAS keeps it.</summary>
/// <param name="Hash">SHA-256 of <paramref name="Text"/>'s bytes, lower-case hex.</param>
/// <param name="Text">The session as it was uploaded.</param>
public sealed record SessionDescription(string Name, string Hash, string Text);

/// <summary>Asks for a startup configuration.</summary>
public sealed record ConfigurationRequest(string Session, string Service);

/// <summary>Why the CAS refused: RFC 9457.</summary>
/// <param name="Title">Stable word for programs: a <see cref="CasFailure"/>.</param>
/// <param name="Detail">Sentence for people.</param>
/// <param name="Problems">One line for each rule that failed, or each mistake of a document.</param>
public sealed record CasProblem(string Title, int Status, string Detail, IReadOnlyList<string> Problems);

/// <summary>How Gramine's clients get their secrets.</summary>
/// <param name="Certificate">PEM of the certificate that the CAS shows them.</param>
public sealed record ProvisioningDescription(string Certificate);

/// <summary>Whether the CAS serves.</summary>
public sealed record CasHealth(string Status);

/// <summary>Strict source-generated JSON of the CAS's protocol.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(StartupConfiguration))]
[JsonSerializable(typeof(SessionDescription))]
[JsonSerializable(typeof(ConfigurationRequest))]
[JsonSerializable(typeof(CasProblem))]
[JsonSerializable(typeof(CasHealth))]
[JsonSerializable(typeof(ProvisioningDescription))]
public sealed partial class CasJson : JsonSerializerContext;
