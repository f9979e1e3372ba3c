using System.Text.Json;
using System.Text.Json.Serialization;

namespace Guardian.Cas;

/// <summary>A session as it is kept: one encrypted row.</summary>
/// <param name="Creator">SHA-256 of the creator's SubjectPublicKeyInfo, lower-case hex.</param>
/// <param name="Text">The document as it was uploaded.</param>
/// <param name="Secrets">Values by name.</param>
internal sealed record StoredSession(string Creator, string Text, IReadOnlyDictionary<string, byte[]> Secrets);

[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict)]
[JsonSerializable(typeof(StoredSession))]
internal sealed partial class StoreJson : JsonSerializerContext;
