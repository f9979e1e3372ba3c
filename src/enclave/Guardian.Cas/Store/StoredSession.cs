using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Cas.Client;
using Guardian.Cas.Secrets;

namespace Guardian.Cas.Store;

/// <summary>A session as it is kept: one encrypted row.</summary>
/// <param name="Creator">SHA-256 of the creator's SubjectPublicKeyInfo, lower-case hex.</param>
/// <param name="Text">The document as it was uploaded.</param>
/// <param name="Secrets">Values by name.</param>
/// <param name="Keys">Keys that the CAS made for volumes and streams, by what they are for.</param>
/// <param name="Revision">Counts every change of the row.</param>
internal sealed record StoredSession(
    string Creator, string Text, IReadOnlyDictionary<string, StoredSecret> Secrets, IReadOnlyDictionary<string, byte[]> Keys, long Revision);

/// <summary>Where the store is: one encrypted row, written with every change.</summary>
/// <param name="Sequence">How many lines the audit log has.</param>
/// <param name="Hash">SHA-256 of its last line.</param>
/// <param name="Log">SHA-256 of its first line: which log it is.</param>
/// <param name="State">Exclusive or of the digests of all rows besides the log and this one.</param>
/// <param name="Witness">Who has to confirm where it is; null when nobody has.</param>
internal sealed record StoreHead(long Sequence, string Hash, string Log, byte[] State, WitnessDescription? Witness = null);

// Metadata: the generated fast path would write absent bytes as an empty text.
[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict, GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(StoredSession))]
[JsonSerializable(typeof(StoreHead))]
internal sealed partial class StoreJson : JsonSerializerContext;
