using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.Cas.Client;

/// <summary>A session as the CAS keeps it.</summary>
/// <param name="Hash">SHA-256 of <paramref name="Text"/>'s bytes, lower-case hex.</param>
/// <param name="Text">The session as it was uploaded.</param>
public sealed record SessionDescription(string Name, string Hash, string Text);

/// <summary>Asks for a startup configuration.</summary>
public sealed record ConfigurationRequest(string Session, string Service);

/// <summary>A freshness tag.</summary>
/// <param name="Name">The volume's or tag's name.</param>
/// <param name="Tag">32 bytes, base64 on the wire; null when it was never set.</param>
public sealed record TagDescription(string Session, string Name, byte[]? Tag);

/// <summary>Moves a tag from what it must be now to what it becomes.</summary>
/// <param name="Expected">32 bytes, base64 on the wire; null when it must never have been set.</param>
/// <param name="Next">32 bytes.</param>
public sealed record TagChange(string Session, string Name, byte[]? Expected, byte[] Next);

/// <summary>What came of a <see cref="TagChange"/>.</summary>
/// <param name="Moved">Whether the tag was moved, and is on disk; false when it was not what was expected.</param>
/// <param name="Tag">What the tag is now.</param>
public sealed record TagOutcome(bool Moved, byte[]? Tag);

/// <summary>Names of the sessions right below one.</summary>
public sealed record SessionList(IReadOnlyList<string> Names);

/// <summary>By which the frames of a service's standard streams are decrypted.</summary>
/// <param name="Key">32 bytes, base64 on the wire.</param>
public sealed record StdioKeyDescription(string Session, string Service, byte[] Key);

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
/// <remarks>Metadata only: the generator's fast path writes bytes that are null as an empty text, and a tag that was never set is not an empty one.</remarks>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(StartupConfiguration))]
[JsonSerializable(typeof(SessionDescription))]
[JsonSerializable(typeof(ConfigurationRequest))]
[JsonSerializable(typeof(TagDescription))]
[JsonSerializable(typeof(TagChange))]
[JsonSerializable(typeof(TagOutcome))]
[JsonSerializable(typeof(SessionList))]
[JsonSerializable(typeof(StdioKeyDescription))]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(OwnersClaim))]
[JsonSerializable(typeof(OwnersChange))]
[JsonSerializable(typeof(OwnersDescription))]
[JsonSerializable(typeof(RecoveryDescription))]
[JsonSerializable(typeof(ShareGift))]
[JsonSerializable(typeof(RecoveryProgress))]
[JsonSerializable(typeof(StoreKeyDescription))]
[JsonSerializable(typeof(CasProblem))]
[JsonSerializable(typeof(CasHealth))]
[JsonSerializable(typeof(ProvisioningDescription))]
public sealed partial class CasJson : JsonSerializerContext;
