using System.Security.Cryptography;
using System.Text.Json;
using Guardian.CleanRoom.Base;
using Guardian.CleanRoom.Contract;
using Guardian.CleanRoom.Keys;
using Guardian.Files.Durable;
using Guardian.Refusals;

namespace Guardian.CleanRoom.Data;

/// <summary>All versions and unfinished uploads of a room, with their keys.</summary>
/// <param name="Current">The current version of each data set that has one.</param>
/// <param name="Uploads">The unfinished uploads.</param>
internal sealed record VersionList(IReadOnlyList<UploadManifest> Current, IReadOnlyList<UploadManifest> Uploads)
{
    public IEnumerable<UploadManifest> All => Current.Concat(Uploads);

    /// <summary>Makes the widest list of the same versions and uploads: the size of the file must not tell numbers of rows.</summary>
    public VersionList ToWidest()
    {
        static UploadManifest Widen(UploadManifest manifest) => manifest with { Rows = int.MinValue, InvalidCells = int.MinValue };
        return new VersionList([.. Current.Select(Widen)], [.. Uploads.Select(Widen)]);
    }
}

/// <summary>
/// Keeps the keys of a room's data so that they can be erased from a disk that the host may have copied. All keys are in one file. Its own
/// key follows from the room's key and a random secret, which only the CAS keeps. Every change writes a new file under a new secret, and
/// replaces the secret: nobody can read an earlier file any more, and the host cannot put one back. Thread-safe.
/// </summary>
/// <remarks>
/// A change has these steps, and a crash between any two loses nothing: 1. write the new file, whose name follows from the new secret.
/// 2. Replace the secret at the CAS: from here on, the new file counts. 3. Delete all other files.
/// </remarks>
internal sealed class VersionTable
{
    private const string Extension = ".versions";

    private readonly Lock gate = new();
    private readonly string directory;
    private readonly RoomKeys keys;
    private readonly RoomContract contract;
    private readonly IRoomTag tag;
    private VersionList list = new([], []);

    // The secret as this enclave knows it, and one that may have replaced it while the CAS did not answer.
    private byte[]? known;
    private byte[]? attempted;

    private VersionTable(RoomContract contract, RoomKeys keys, IRoomTag tag, string directory) =>
        (this.contract, this.keys, this.tag, this.directory) = (contract, keys, tag, directory);

    /// <summary>Opens the table of a room.</summary>
    /// <param name="contract">The contract.</param>
    /// <param name="keys">The room's keys.</param>
    /// <param name="tag">Keeps the secret.</param>
    /// <param name="directory">The room's folder.</param>
    /// <param name="isNew">Whether the room has no log entry yet: then there may be no file.</param>
    /// <exception cref="RefusedException">The host changed or removed the file, or the CAS cannot be reached.</exception>
    public static VersionTable Open(RoomContract contract, RoomKeys keys, IRoomTag tag, string directory, bool isNew)
    {
        var table = new VersionTable(contract, keys, tag, directory);
        table.known = tag.Read();
        if (table.known is not null && table.TryRead(table.known) is { } list)
        {
            table.list = list;
            table.DeleteOthers();
        }
        else if (isNew)
        {
            table.Change(empty => empty);
        }
        else
        {
            throw new RefusedException(RoomReasons.StateChanged.Because(
                $"the file with the keys of the data in {directory} is missing, was changed, or is an older copy; "
                + "restore the newest copy of the room's state"));
        }
        return table;
    }

    /// <summary>Finds the current version of a data set; null when it has none.</summary>
    public UploadManifest? FindCurrent(string dataSet)
    {
        lock (gate)
        {
            return list.Current.FirstOrDefault(version => version.DataSet == dataSet);
        }
    }

    /// <summary>Finds the unfinished uploads of a data set.</summary>
    public IReadOnlyList<UploadManifest> FindUploads(string dataSet)
    {
        lock (gate)
        {
            return [.. list.Uploads.Where(upload => upload.DataSet == dataSet)];
        }
    }

    /// <summary>Adds an upload, or replaces the one with the same name.</summary>
    /// <exception cref="RefusedException">The CAS cannot be reached, or another enclave has continued with this room.</exception>
    public void PutUpload(UploadManifest upload) => Change(now => now with { Uploads = [.. Without(now.Uploads, [upload]), upload] });

    /// <summary>Destroys the keys of uploads.</summary>
    /// <exception cref="RefusedException">The CAS cannot be reached, or another enclave has continued with this room.</exception>
    public void RemoveUploads(IReadOnlyList<UploadManifest> uploads) =>
        Change(now => now with { Uploads = Without(now.Uploads, uploads) });

    /// <summary>Makes a version current; destroys the keys of the version before, and of the upload from which this one was made.</summary>
    /// <exception cref="RefusedException">The CAS cannot be reached, or another enclave has continued with this room.</exception>
    public void SetCurrent(UploadManifest version, UploadManifest upload) => Change(now => new VersionList(
        [.. now.Current.Where(each => each.DataSet != version.DataSet), version], Without(now.Uploads, [upload])));

    /// <summary>Destroys all keys of a data set.</summary>
    /// <exception cref="RefusedException">The CAS cannot be reached, or another enclave has continued with this room.</exception>
    public void Clear(string dataSet) => Change(now => new VersionList(
        [.. now.Current.Where(each => each.DataSet != dataSet)], [.. now.Uploads.Where(each => each.DataSet != dataSet)]));

    private static List<UploadManifest> Without(IReadOnlyList<UploadManifest> uploads, IReadOnlyList<UploadManifest> removed) =>
        [.. uploads.Where(upload => removed.All(each => each.Version != upload.Version))];

    private void Change(Func<VersionList, VersionList> change)
    {
        lock (gate)
        {
            Settle();
            var (before, next) = (list, change(list));
            var secret = RandomNumberGenerator.GetBytes(RoomKeys.KeySize);
            Write(secret, next);
            attempted = secret;
            if (!tag.TryMove(known, secret) && !IsSame(tag.Read(), secret))
            {
                throw RefuseTakenOver();
            }
            (known, attempted, list) = (secret, null, next);
            DeleteOthers();
            foreach (var removed in before.All.Where(each => next.All.All(kept => !ReferenceEquals(kept.Key, each.Key))))
            {
                CryptographicOperations.ZeroMemory(removed.Key);
            }
        }
    }

    // After a call that failed, the secret may have been replaced or not. This enclave's list counts in both cases.
    private void Settle()
    {
        if (attempted is not null)
        {
            var now = tag.Read();
            if (!IsSame(now, attempted) && !IsSame(now, known))
            {
                throw RefuseTakenOver();
            }
            (known, attempted) = (now, null);
            DeleteOthers();
        }
    }

    private static bool IsSame(byte[]? one, byte[]? other) =>
        one is null ? other is null : CryptographicOperations.FixedTimeEquals(one, other);

    private void Write(byte[] secret, VersionList next)
    {
        using var cipher = CipherOf(secret);
        DurableFile.Replace(
            PathOf(secret), cipher.Encrypt(Extension, PaddedJson.Write(next, next.ToWidest(), UploadJson.Default.VersionList)));
    }

    private VersionList? TryRead(byte[] secret)
    {
        using var cipher = CipherOf(secret);
        return File.Exists(PathOf(secret)) && cipher.TryDecrypt(Extension, File.ReadAllBytes(PathOf(secret))) is { } plaintext
            ? JsonSerializer.Deserialize(plaintext, UploadJson.Default.VersionList)
            : null;
    }

    // Also files that were not yet complete when the enclave ended.
    private void DeleteOthers()
    {
        foreach (var path in Directory.GetFiles(directory, $"*{Extension}*").Where(path => known is null || path != PathOf(known)))
        {
            File.Delete(path);
        }
    }

    private StateCipher CipherOf(byte[] secret)
    {
        var key = keys.VersionsKey(secret);
        var cipher = new StateCipher(key, contract.Hash);
        CryptographicOperations.ZeroMemory(key);
        return cipher;
    }

    // The name tells the host nothing about the secret, of which it is a hash.
    private string PathOf(byte[] secret) => Path.Combine(
        directory, Convert.ToHexStringLower(SHA256.HashData([.. "guardian-room-versions-file\0"u8, .. secret])) + Extension);

    private static RefusedException RefuseTakenOver() => new(RoomReasons.StateChanged.Because(
        "another enclave has continued with this room; this one has an older state and changes nothing more"));
}
