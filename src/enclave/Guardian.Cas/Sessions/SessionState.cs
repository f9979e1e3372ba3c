using System.Text;
using System.Text.Json;
using Guardian.Cas.Client.Sessions;
using Guardian.Cas.Store;

namespace Guardian.Cas.Sessions;

/// <summary>A session as the CAS keeps it, with its parsed document. Immutable.</summary>
internal sealed record SessionState(StoredSession Stored, SessionDocument Document)
{
    /// <summary>The size of the keys that the CAS makes, in bytes.</summary>
    public const int KeySize = 32;

    /// <summary>Lists the purposes of the keys that a document needs.</summary>
    public static IEnumerable<string> PurposesOf(SessionDocument document) =>
        document.Volumes.Where(volume => volume.Import is null).Select(volume => VolumeKey(volume.Name))
            .Concat(document.Services.Where(service => service.EncryptsStdio).Select(service => StdioKey(service.Name)));

    /// <summary>Names the purpose of a volume's key.</summary>
    public static string VolumeKey(string volume) => $"volume/{volume}";

    /// <summary>Names the purpose of the key of a service's standard streams.</summary>
    public static string StdioKey(string service) => $"stdio/{service}";

    /// <summary>Whether keys satisfy a rule of this session.</summary>
    public bool Allows(AccessRule rule, HashSet<string> keys) => rule.IsSatisfiedBy(keys, Stored.Creator);

    /// <summary>Finds a service; null when the session has none of that name.</summary>
    public SessionService? FindService(string name) => Document.Services.FirstOrDefault(service => service.Name == name);

    /// <summary>Reads a row.</summary>
    /// <exception cref="InvalidDataException">An earlier release accepted the document, and this one refuses it.</exception>
    public static SessionState Read(byte[] row)
    {
        var stored = JsonSerializer.Deserialize(row, StoreJson.Default.StoredSession)!;
        var (document, refusal) = SessionDocument.ReadStored(Encoding.UTF8.GetBytes(stored.Text));
        return document is not null
            ? new SessionState(stored, document)
            : throw new InvalidDataException($"a session that an earlier release accepted is refused by this one: {refusal!.Problems[0]}");
    }

    /// <summary>Writes the row.</summary>
    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(Stored, StoreJson.Default.StoredSession);
}
