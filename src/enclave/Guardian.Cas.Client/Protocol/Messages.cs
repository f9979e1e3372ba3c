using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.Cas.Client.Protocol;

/// <summary>A session as the CAS keeps it.</summary>
/// <param name="Name">The session's name.</param>
/// <param name="Hash">SHA-256 of the UTF-8 bytes of <paramref name="Text"/>, 64 lower-case hex digits.</param>
/// <param name="Text">The session as it was uploaded, YAML.</param>
public sealed record SessionDescription(string Name, string Hash, string Text);

/// <summary>The result of moving a freshness tag.</summary>
/// <param name="Moved">Whether the tag was moved and is durable; false when it was not what the caller expected.</param>
/// <param name="Tag">The tag now, 32 bytes; null when it was never set.</param>
public sealed record TagOutcome(bool Moved, byte[]? Tag);

/// <summary>The state of a CAS.</summary>
/// <param name="Status">
/// <c>ok</c> of a program that lives, <c>ready</c> of a CAS that serves, otherwise the reason why it does not: a stable word.
/// </param>
public sealed record CasHealth(string Status);

/// <summary>Part of the audit log.</summary>
/// <param name="Lines">The lines as the CAS keeps them; anyone can verify them.</param>
/// <param name="Details">The detail of each line, in the same order; null where the caller may not read it.</param>
/// <param name="Head">The signed statement of where the log ends; JWS.</param>
public sealed record AuditPage(IReadOnlyList<string> Lines, IReadOnlyList<AuditDetailDescription?> Details, string Head);

/// <summary>The part of an audit entry that names sessions and callers.</summary>
/// <param name="Subject">The session, <c>session/service</c>, or other thing that was acted on.</param>
/// <param name="By">The caller: the hash of a key, or the measurement of an enclave.</param>
/// <param name="Text">More, for people; may be empty.</param>
public sealed record AuditDetailDescription(string Subject, string By, string Text);

/// <summary>Asks for a startup configuration, or for a new workload certificate.</summary>
/// <param name="Session">The session's name.</param>
/// <param name="Service">The service's name.</param>
/// <param name="WorkloadKey">
/// The P-256 key of the service's workload certificate, SubjectPublicKeyInfo, base64 on the wire; null asks for none.
/// </param>
/// <param name="Program">As <see cref="StartDetails.Program"/>.</param>
/// <param name="Replica">As <see cref="StartDetails.Replica"/>.</param>
/// <param name="StartToken">As <see cref="StartDetails.Token"/>.</param>
internal sealed record ConfigurationRequest(
    string Session, string Service, byte[]? WorkloadKey = null, string? Program = null, int? Replica = null, string? StartToken = null);

/// <summary>The facts that only the starting enclave knows.</summary>
/// <param name="Program">SHA-256 of the program that it was given, 64 lower-case hex digits; null when it runs no other program.</param>
/// <param name="Replica">The number of the replica, from 0, as the host says; null when the service has no replicas.</param>
/// <param name="Token">The one-time token that somebody issued for this start; null for none.</param>
public sealed record StartDetails(string? Program = null, int? Replica = null, string? Token = null)
{
    /// <summary>A start without any of these.</summary>
    public static StartDetails None { get; } = new();
}

/// <summary>Asks for a token that admits one start.</summary>
/// <param name="Session">The session's name.</param>
/// <param name="Service">The service's name.</param>
internal sealed record StartTokenRequest(string Session, string Service);

/// <summary>A token that admits one start of a service. The host that starts the program gets it.</summary>
/// <param name="Session">The session's name.</param>
/// <param name="Service">The service's name.</param>
/// <param name="Token">The token, 64 hex digits.</param>
/// <param name="Until">The end of its life.</param>
public sealed record StartToken(string Session, string Service, string Token, DateTimeOffset Until);

/// <summary>A freshness tag.</summary>
/// <param name="Session">The session's name.</param>
/// <param name="Name">The name of the volume or tag.</param>
/// <param name="Tag">32 bytes, base64 on the wire; null when it was never set.</param>
internal sealed record TagDescription(string Session, string Name, byte[]? Tag);

/// <summary>Moves a tag from its present value to the next.</summary>
/// <param name="Session">The session's name.</param>
/// <param name="Name">The name of the volume or tag.</param>
/// <param name="Expected">The present value, 32 bytes, base64 on the wire; null when the tag must never have been set.</param>
/// <param name="Next">32 bytes.</param>
internal sealed record TagChange(string Session, string Name, byte[]? Expected, byte[] Next);

/// <summary>The names of the sessions directly below one.</summary>
internal sealed record SessionList(IReadOnlyList<string> Names);

/// <summary>The key that decrypts the standard streams of a service.</summary>
/// <param name="Session">The session's name.</param>
/// <param name="Service">The service's name.</param>
/// <param name="Key">32 bytes, base64 on the wire.</param>
internal sealed record StdioKeyDescription(string Session, string Service, byte[] Key);

/// <summary>The key of a store, from one CAS enclave to another.</summary>
/// <param name="Key">32 bytes, base64 on the wire.</param>
/// <param name="Log">The identity of the CAS, 64 lower-case hex digits.</param>
internal sealed record StoreKeyDescription(byte[] Key, string Log);

/// <summary>The authority that Gramine's clients trust.</summary>
/// <param name="Certificate">PEM of the certificate that the CAS shows them.</param>
internal sealed record ProvisioningDescription(string Certificate);

/// <summary>Why the CAS refused: RFC 9457.</summary>
/// <param name="Title">The stable word for programs: the code of one of <see cref="CasReasons"/>.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">A sentence for people.</param>
/// <param name="Problems">One line for each rule that failed, or each mistake of a document.</param>
internal sealed record CasProblem(string Title, int Status, string Detail, IReadOnlyList<string> Problems);

/// <summary>Strict source-generated JSON of the CAS's protocol.</summary>
/// <remarks>
/// Metadata only: the generator's fast path writes null bytes as an empty text, and a tag that was never set is not an empty one.
/// </remarks>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Strict, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(StartupConfiguration))]
[JsonSerializable(typeof(SessionDescription))]
[JsonSerializable(typeof(ConfigurationRequest))]
[JsonSerializable(typeof(StartTokenRequest))]
[JsonSerializable(typeof(StartToken))]
[JsonSerializable(typeof(WorkloadConfiguration))]
[JsonSerializable(typeof(TagDescription))]
[JsonSerializable(typeof(TagChange))]
[JsonSerializable(typeof(TagOutcome))]
[JsonSerializable(typeof(SessionList))]
[JsonSerializable(typeof(DeletionProgress))]
[JsonSerializable(typeof(SessionHistoryDescription))]
[JsonSerializable(typeof(CreationDescription))]
[JsonSerializable(typeof(StdioKeyDescription))]
[JsonSerializable(typeof(SecretList))]
[JsonSerializable(typeof(SecretDescription))]
[JsonSerializable(typeof(SecretChange))]
[JsonSerializable(typeof(SecretReading))]
[JsonSerializable(typeof(SealingKey))]
[JsonSerializable(typeof(AuditPage))]
[JsonSerializable(typeof(OwnersClaim))]
[JsonSerializable(typeof(OwnersChange))]
[JsonSerializable(typeof(OwnersDescription))]
[JsonSerializable(typeof(UpgradeApproval))]
[JsonSerializable(typeof(CasIdentity))]
[JsonSerializable(typeof(RecoveryDescription))]
[JsonSerializable(typeof(OpenedShare))]
[JsonSerializable(typeof(RecoveryProgress))]
[JsonSerializable(typeof(StoreKeyDescription))]
[JsonSerializable(typeof(CasProblem))]
[JsonSerializable(typeof(CasHealth))]
[JsonSerializable(typeof(ProvisioningDescription))]
internal sealed partial class CasJson : JsonSerializerContext;
