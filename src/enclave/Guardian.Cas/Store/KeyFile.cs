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
