using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Guardian.Sgx;
using Microsoft.Data.Sqlite;

namespace Guardian.Cas;

/// <summary>
/// Sessions in SQLite on the untrusted disk. Names are readable there; everything else of a session is one AES-256-GCM value, bound to its
/// name. A change is acknowledged after its transaction is on disk. Thread-safe.
/// </summary>
internal sealed class SessionStore : IDisposable
{
    private const int KeySize = 32;
    private const int NonceSize = 12;
    private const int TagSize = 16;

    private readonly Lock gate = new();
    private readonly SqliteConnection connection;
    private readonly AesGcm cipher;

    private SessionStore(SqliteConnection connection, ReadOnlySpan<byte> key)
    {
        this.connection = connection;
        cipher = new AesGcm(key, TagSize);
    }

    /// <summary>Opens the store of a folder, which is made at first use.</summary>
    /// <exception cref="InvalidDataException">The key was sealed by another signer or machine, or the database is damaged.</exception>
    public static SessionStore Open(string directory, IEnclave enclave)
    {
        var key = LoadKey(Path.Combine(directory, "database-key.sealed"), enclave);
        var path = Path.Combine(directory, "cas.sqlite");
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        try
        {
            connection.Open();
            // The log is synced at every commit: what was acknowledged survives a loss of power.
            using var command = connection.CreateCommand();
            command.CommandText =
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE IF NOT EXISTS sessions (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;";
            command.ExecuteNonQuery();
            File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite);
            return new SessionStore(connection, key);
        }
        catch (SqliteException failure)
        {
            connection.Dispose();
            throw new InvalidDataException($"{path} cannot be opened as the CAS's database ({failure.Message}); restore it, or use another state folder", failure);
        }
        finally
        {
            CryptographicOperations.ZeroMemory(key);
        }
    }

    /// <summary>The session of that name, or null.</summary>
    /// <exception cref="InvalidDataException">The row was altered, or exchanged with another.</exception>
    public StoredSession? Find(string name)
    {
        lock (gate)
        {
            return Guarded(() => FindCore(name));
        }
    }

    /// <summary>Changes a session in one step.</summary>
    /// <param name="change">Gets the current session, or null; gives the new one, or null to leave everything as it is.</param>
    /// <returns>Whether the session was changed; if so, it is on disk.</returns>
    public bool Change(string name, Func<StoredSession?, StoredSession?> change)
    {
        lock (gate)
        {
            if (change(Guarded(() => FindCore(name))) is not { } changed)
            {
                return false;
            }
            using var command = connection.CreateCommand();
            command.CommandText = "INSERT INTO sessions (name, value) VALUES ($name, $value) ON CONFLICT (name) DO UPDATE SET value = excluded.value";
            command.Parameters.AddWithValue("$name", name);
            command.Parameters.AddWithValue("$value", Encrypt(name, changed));
            Guarded(command.ExecuteNonQuery);
            return true;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        cipher.Dispose();
        connection.Dispose();
    }

    private static T Guarded<T>(Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException failure)
        {
            throw new InvalidDataException($"the CAS's database cannot be used ({failure.Message}); make room on its disk, or restore it from a copy", failure);
        }
    }

    private StoredSession? FindCore(string name)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT value FROM sessions WHERE name = $name";
        command.Parameters.AddWithValue("$name", name);
        return command.ExecuteScalar() is byte[] value ? Decrypt(name, value) : null;
    }

    // nonce 12 | tag 16 | ciphertext. Nonces are random: a CAS makes far fewer than 2^32 changes under one key.
    private byte[] Encrypt(string name, StoredSession session)
    {
        var plaintext = JsonSerializer.SerializeToUtf8Bytes(session, StoreJson.Default.StoredSession);
        var value = new byte[NonceSize + TagSize + plaintext.Length];
        RandomNumberGenerator.Fill(value.AsSpan(0, NonceSize));
        cipher.Encrypt(value.AsSpan(0, NonceSize), plaintext, value.AsSpan(NonceSize + TagSize), value.AsSpan(NonceSize, TagSize), Place(name));
        CryptographicOperations.ZeroMemory(plaintext);
        return value;
    }

    private StoredSession Decrypt(string name, byte[] value)
    {
        if (value.Length > NonceSize + TagSize)
        {
            var plaintext = new byte[value.Length - NonceSize - TagSize];
            try
            {
                cipher.Decrypt(value.AsSpan(0, NonceSize), value.AsSpan(NonceSize + TagSize), value.AsSpan(NonceSize, TagSize), plaintext, Place(name));
                return JsonSerializer.Deserialize(plaintext, StoreJson.Default.StoredSession)!;
            }
            catch (Exception failure) when (failure is AuthenticationTagMismatchException or JsonException)
            {
                // Said below.
            }
            finally
            {
                CryptographicOperations.ZeroMemory(plaintext);
            }
        }
        throw new InvalidDataException($"the stored session '{name}' was altered outside the CAS, or exchanged with another; restore the database from a copy");
    }

    // Binds a value to its place, so that rows cannot be exchanged.
    private static byte[] Place(string name) => Encoding.UTF8.GetBytes($"guardian-cas sessions.value {name}");

    private static byte[] LoadKey(string path, IEnclave enclave)
    {
        // By signer, so that a newer version of the same product can read it.
        var blob = DurableFile.ReadOrCreate(path, () => Sealing.Seal(enclave, KeyPolicy.MrSigner, RandomNumberGenerator.GetBytes(KeySize)));
        return Sealing.TryUnseal(enclave, blob, default, out var key) && key.Length == KeySize
            ? key
            : throw new InvalidDataException($"{path} was sealed on another machine or by another signer's program, or is damaged; use the machine folder it was made with, or another state folder");
    }
}
