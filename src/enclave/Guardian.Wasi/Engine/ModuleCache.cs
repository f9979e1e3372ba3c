using System.Security.Cryptography;
using System.Text;
using Guardian.Refusals;

namespace Guardian.Wasi.Engine;

/// <summary>
/// A folder with the native code of modules that were compiled before. The process executes this code unchecked, so an entry is used only
/// if its MAC, made with the runtime's own key, fits the code, its WebAssembly and the engine's configuration. Every other entry counts as
/// absent.
/// </summary>
/// <remarks>An entry is MAC 32 | code; its name is the hash of the configuration and the WebAssembly. Thread-safe, also across
/// processes.</remarks>
public sealed class ModuleCache
{
    /// <summary>Size of the key in bytes.</summary>
    public const int KeySize = 32;

    // Compiled modules are large; the oldest are deleted.
    private const int MaxEntries = 64;
    private const int MacSize = HMACSHA256.HashSizeInBytes;

    private readonly string directory;
    private readonly byte[] key;

    /// <param name="directory">The folder; created when it is missing.</param>
    /// <param name="key"><see cref="KeySize"/> bytes that only this runtime knows. Copied.</param>
    public ModuleCache(string directory, ReadOnlySpan<byte> key)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key.Length, KeySize);
        this.directory = directory;
        this.key = key.ToArray();
    }

    /// <summary>Loads a module from the cache, or compiles it and stores it for the next time.</summary>
    /// <param name="engine">The engine that will run the module.</param>
    /// <param name="wasm">The module in WebAssembly's binary form.</param>
    /// <returns>The module, which the caller disposes, or the refusal of <see cref="WasmEngine.Compile"/>.</returns>
    public Outcome<WasmModule> Load(WasmEngine engine, ReadOnlySpan<byte> wasm)
    {
        ArgumentNullException.ThrowIfNull(engine);
        var id = ComputeId(engine, wasm);
        var path = Path.Combine(directory, Convert.ToHexStringLower(id));
        if (ModuleContents.Read(wasm) is { } contents && TryLoad(engine, path, id, contents) is { } cached)
        {
            return cached;
        }
        var compiled = engine.Compile(wasm);
        if (compiled.Value is { } module)
        {
            try
            {
                WriteEntry(path, id, module.Serialize());
            }
            catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
            {
                // Without a writable cache the next start compiles again.
            }
        }
        return compiled;
    }

    private static byte[] ComputeId(WasmEngine engine, ReadOnlySpan<byte> wasm)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData("guardian compiled module v2\0"u8);
        hash.AppendData(Encoding.UTF8.GetBytes(engine.Configuration + '\0'));
        hash.AppendData(wasm);
        return hash.GetHashAndReset();
    }

    private WasmModule? TryLoad(WasmEngine engine, string path, byte[] id, ModuleContents contents)
    {
        try
        {
            // Read the file once, so that the checked bytes are the loaded bytes even if somebody writes to the file meanwhile.
            var entry = File.ReadAllBytes(path);
            if (entry.Length <= MacSize)
            {
                return null;
            }
            var code = entry.AsSpan(MacSize);
            var isOurs = CryptographicOperations.FixedTimeEquals(entry.AsSpan(0, MacSize), ComputeMac(id, code));
            return isOurs ? engine.LoadTrustedCode(code, contents) : null;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private void WriteEntry(string path, byte[] id, byte[] code)
    {
        Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var temporary = $"{path}.{Environment.ProcessId}";
        using (var file = File.Create(temporary))
        {
            file.Write(ComputeMac(id, code));
            file.Write(code);
        }
        File.Move(temporary, path, overwrite: true);
        foreach (var old in new DirectoryInfo(directory).GetFiles().OrderByDescending(file => file.LastWriteTimeUtc).Skip(MaxEntries))
        {
            old.Delete();
        }
    }

    private byte[] ComputeMac(byte[] id, ReadOnlySpan<byte> code)
    {
        using var mac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        mac.AppendData(id);
        mac.AppendData(code);
        return mac.GetHashAndReset();
    }
}
