using System.Text;
using System.Text.Json;
using Guardian.Cas.Store;
using Guardian.Documents;

namespace Guardian.Cas.Sessions;

/// <summary>A session as the CAS keeps it, with its document read. Immutable.</summary>
internal sealed record SessionState(StoredSession Stored, SessionDocument Document)
{
    /// <summary>Bytes of the keys that the CAS makes.</summary>
    public const int KeySize = 32;

    /// <summary>What keys a document needs, by purpose.</summary>
    public static IEnumerable<string> KeysOf(SessionDocument document) =>
        document.Volumes.Where(volume => volume.Import is null).Select(volume => VolumeKey(volume.Name))
            .Concat(document.Services.Where(service => service.EncryptsStdio).Select(service => StdioKey(service.Name)));

    public static string VolumeKey(string volume) => $"volume/{volume}";

    public static string StdioKey(string service) => $"stdio/{service}";

    /// <summary>Reads a row.</summary>
    /// <exception cref="InvalidDataException">A document that was accepted once is no longer: this release reads it otherwise.</exception>
    public static SessionState Read(byte[] row)
    {
        var stored = JsonSerializer.Deserialize(row, StoreJson.Default.StoredSession)!;
        var problems = new DocumentProblems();
        return SessionDocument.Read(Encoding.UTF8.GetBytes(stored.Text), problems) is { } document
            ? new SessionState(stored, document)
            : throw new InvalidDataException($"a session that an earlier release accepted is refused by this one: {problems.Items[0]}");
    }

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(Stored, StoreJson.Default.StoredSession);
}
