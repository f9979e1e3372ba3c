using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Guardian.Cas.Client.Audit;
using Guardian.Files.Durable;
using Guardian.Sgx.Enclaves;
using Guardian.Sgx.Keys;

namespace Guardian.Cas.Store;

/// <summary>
/// The store's key on the untrusted disk, sealed for this machine and exactly this code. Relying parties compare MRENCLAVE; the signer is
/// often the operator, who may sign any other code.
/// </summary>
/// <remarks>
/// The name of the file has the first digits of MRENCLAVE, so that two versions of the CAS use one folder. A new key is written beside the
/// file before the store changes to it, and replaces the file afterwards: a crash in between loses neither key.
/// </remarks>
internal sealed class KeyFile(string folder, IEnclave enclave)
{
    private const int NameDigits = 16;
    private const string Pattern = "database-key.*.sealed";
    private const string FormerMark = ".former-";

    private readonly string path = Path.Combine(folder, $"database-key.{enclave.Identity.MrEnclave.ToString()[..NameDigits]}.sealed");

    private string NextPath => path + ".next";

    /// <summary>Reads the key of a store; null when this folder has none for it.</summary>
    /// <param name="head">The encrypted head of the store; null when the store is empty.</param>
    /// <exception cref="InvalidDataException">The file was sealed on another machine, or is damaged.</exception>
    public HeldKey? Find(byte[]? head)
    {
        var kept = !File.Exists(path) ? null : Unseal(path) ?? throw new InvalidDataException(
            $"{path} was sealed on another machine or by other code, or is damaged; "
            + "use the machine folder it was made with, or another state folder");
        // The start or recovery that wrote it may have ended before the store changed to it.
        var next = head is not null && File.Exists(NextPath) ? Unseal(NextPath) : null;
        if (next?.Key.Decrypt(StoreReader.HeadKind, "", head) is not null)
        {
            kept?.Key.Dispose();
            return next;
        }
        next?.Key.Dispose();
        return kept;
    }

    /// <summary>Writes a key before the store changes to it.</summary>
    public void Prepare(HeldKey key) => DurableFile.Replace(NextPath, Seal(key));

    /// <summary>Writes the key of the store.</summary>
    public void Keep(HeldKey key)
    {
        DurableFile.Replace(path, Seal(key));
        File.Delete(NextPath);
    }

    /// <summary>Writes what this enclave knows of the store, unless the file has another key by now.</summary>
    public void Renew(HeldKey key)
    {
        using var present = File.Exists(path) ? Unseal(path)?.Key : null;
        if (present is not null && present.Commitment.SequenceEqual(key.Key.Commitment))
        {
            Keep(key);
        }
    }

    /// <summary>Finds a key that this folder keeps, of this or of other code; null when there is none.</summary>
    public string? FindKept() => Directory.EnumerateFiles(folder, Pattern).Order(StringComparer.Ordinal).FirstOrDefault();

    /// <summary>Gives all keys of this folder other names, under which no CAS reads them, so that a new CAS replaces none.</summary>
    /// <returns>The new names.</returns>
    public IReadOnlyList<string> SetAside()
    {
        var moved = new List<string>();
        foreach (var file in Directory.GetFiles(folder, Pattern + "*").Where(file => !file.Contains(FormerMark, StringComparison.Ordinal)))
        {
            var number = 1;
            while (File.Exists($"{file}{FormerMark}{number}"))
            {
                number++;
            }
            moved.Add($"{file}{FormerMark}{number}");
            File.Move(file, moved[^1]);
            DurableFile.SyncDirectory(moved[^1]);
        }
        return moved;
    }

    private byte[] Seal(HeldKey key)
    {
        var content = new Content(key.Key.Value.ToArray(), key.Origin, key.Line, key.Log, key.Known);
        var plaintext = JsonSerializer.SerializeToUtf8Bytes(content, KeyFileJson.Default.Content);
        var blob = Sealing.Seal(enclave, KeyPolicy.MrEnclave, plaintext);
        CryptographicOperations.ZeroMemory(plaintext);
        CryptographicOperations.ZeroMemory(content.Key);
        return blob;
    }

    private HeldKey? Unseal(string file)
    {
        if (!Sealing.TryUnseal(enclave, File.ReadAllBytes(file), default, out var plaintext))
        {
            return null;
        }
        var content = JsonSerializer.Deserialize(plaintext, KeyFileJson.Default.Content)!;
        CryptographicOperations.ZeroMemory(plaintext);
        var key = new StoreKey(content.Key);
        CryptographicOperations.ZeroMemory(content.Key);
        return new HeldKey(key, content.Origin, content.Line, content.Log, content.Known);
    }

    internal sealed record Content(byte[] Key, KeyOrigin Origin, long Line, string? Log, AuditState? Known);
}

[JsonSourceGenerationOptions(JsonSerializerDefaults.Strict)]
[JsonSerializable(typeof(KeyFile.Content))]
internal sealed partial class KeyFileJson : JsonSerializerContext;
