using Guardian.Attestation.Identity;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Refusals;

namespace Guardian.Cli.Desk;

/// <summary>A key's file in a folder.</summary>
/// <param name="Path">The file.</param>
/// <param name="PublicKey">The public half; null while the file is locked by a passphrase.</param>
internal sealed record KnownKey(string Path, string? PublicKey);

/// <summary>The keys that are unlocked while a browser is in. When the page locks, they leave the memory. Thread-safe.</summary>
internal sealed class KeyRing : IDisposable
{
    private readonly Lock guard = new();
    private readonly Dictionary<string, IdentityKey> keys = [];

    /// <summary>Finds the keys of a folder.</summary>
    public IReadOnlyList<KnownKey> Find(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*.pem").Order(StringComparer.Ordinal).Select(Read).OfType<KnownKey>()];

    /// <summary>Reads a file; null when it is no key.</summary>
    public KnownKey? Read(string path)
    {
        try
        {
            return new KnownKey(path, Use(path, key => key.PublicKey));
        }
        catch (RefusedException failure) when (failure.Refusal.Reason == CliReasons.NoPassphrase)
        {
            return new KnownKey(path, null);
        }
        catch (Exception failure) when (failure is RefusedException or InvalidDataException)
        {
            // A certificate, or a key of another kind.
            return null;
        }
    }

    /// <summary>Unlocks a key until the page locks.</summary>
    /// <exception cref="InvalidDataException">The passphrase does not open it.</exception>
    public void Unlock(string path, string passphrase)
    {
        var key = InputFile.Use(path, () => IdentityKey.Load(path, () => passphrase));
        lock (guard)
        {
            keys.Remove(path, out var former);
            former?.Dispose();
            keys[path] = key;
        }
    }

    /// <summary>Works with a key. One caller at a time does.</summary>
    /// <exception cref="RefusedException">The file is locked, missing or unreadable.</exception>
    public T Use<T>(string path, Func<IdentityKey, T> work)
    {
        lock (guard)
        {
            if (!keys.TryGetValue(path, out var key))
            {
                key = TokenKey.IsUri(path) ? TokenKey.Open(path) : InputFile.Use(path, () => IdentityKey.Load(
                    path, () => throw CliReasons.NoPassphrase.Refuse($"{path} is protected", "unlock it on the room's page")));
                keys[path] = key;
            }
            return work(key);
        }
    }

    /// <summary>Forgets all keys.</summary>
    public void Lock()
    {
        lock (guard)
        {
            foreach (var key in keys.Values)
            {
                key.Dispose();
            }
            keys.Clear();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Lock();
}
