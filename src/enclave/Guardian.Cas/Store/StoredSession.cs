using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Cas.Secrets;

namespace Guardian.Cas.Store;

/// <summary>A session as the store keeps it: one encrypted row.</summary>
/// <param name="Creator">SHA-256 of the creator's SubjectPublicKeyInfo, lower-case hex.</param>
/// <param name="Text">The document as it was uploaded.</param>
/// <param name="Secrets">The values of its secrets by name.</param>
/// <param name="Keys">The keys that the CAS made for volumes and streams, by purpose.</param>
/// <param name="Revision">The number of changes of the row.</param>
/// <param name="Usage">The part of its creator's quota that it takes; null when an earlier release wrote it, and it takes none.</param>
internal sealed record StoredSession(
    string Creator, string Text, IReadOnlyDictionary<string, StoredSecret> Secrets, IReadOnlyDictionary<string, byte[]> Keys,
    long Revision, SessionUsage? Usage = null);

/// <summary>The state of the whole store: one encrypted row, written with every change.</summary>
/// <param name="Sequence">The number of lines of the audit log.</param>
/// <param name="Hash">SHA-256 of its last line.</param>
/// <param name="Log">SHA-256 of its first line, which identifies the log.</param>
/// <param name="State">Exclusive or of the digests of all rows except the log and this one.</param>
/// <param name="Former">The keys that the store had before recoveries, oldest first. Details of old entries are still under them.</param>
internal sealed record StoreHead(long Sequence, string Hash, string Log, byte[] State, IReadOnlyList<FormerKey> Former);

/// <summary>A key that the store had before a recovery.</summary>
/// <param name="Key">The key, 32 bytes.</param>
/// <param name="Through">The last entry of the log whose detail is under it.</param>
internal sealed record FormerKey(byte[] Key, long Through);

// Metadata only: the generated fast path would write null bytes as an empty text.
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(StoredSession))]
[JsonSerializable(typeof(StoreHead))]
[JsonSerializable(typeof(CreatorUsage))]
[JsonSerializable(typeof(IReadOnlyList<FormerTextEntry>))]
[JsonSerializable(typeof(DeletedSession))]
internal sealed partial class StoreJson : JsonSerializerContext;
