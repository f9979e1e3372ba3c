using System.Security.Cryptography;
using System.Text;
using Guardian.Cas.Client.Protocol;
using Guardian.Refusals;
using Guardian.Runtime.Base;

namespace Guardian.Premain;

/// <summary>Moves a volume's tag at the CAS, if it still is as expected.</summary>
/// <returns>Whether it was moved, durably.</returns>
internal delegate Task<bool> TagMover(string volume, ReadOnlyMemory<byte>? expected, ReadOnlyMemory<byte> next);

/// <summary>
/// A volume of a native program: two folders that Gramine encrypts file by file. Gramine notices a changed file and not an older one, so
/// each start gives the volume a new key, which follows from the tag at the CAS. Files of a run before the last one cannot be decrypted.
/// </summary>
/// <remarks>
/// The place <c>main</c>, where the program finds the volume, and the place <c>spare</c> have keys that follow from the volume's key and
/// the tag. A place is whole when it has the mark, which is written last.
/// <code>
/// 1  main is whole under the tag: copy it to spare, under the next tag. Else spare is whole, because a start was interrupted.
/// 2  move the tag
/// 3  empty main, copy spare to it, under the next tag. Of an interrupted start this comes before step 2.
/// </code>
/// At each moment, one place is whole under the tag that the CAS has.
/// </remarks>
internal sealed class MountedVolume(string name, string main, string spare, Action<string, byte[]> setKey)
{
    private const string Mark = ".guardian-whole";
    private const int KeySize = 16;

    /// <summary>Opens the volume for one run.</summary>
    /// <param name="configured">The volume's key, tag and policy from the CAS.</param>
    /// <param name="move">Moves the tag.</param>
    /// <exception cref="RefusedException">The volume cannot be used, or is not the one of the last run.</exception>
    public async Task OpenAsync(VolumeConfiguration configured, TagMover move)
    {
        switch (configured)
        {
            case { Regions.Count: > 0 }:
                throw Refuse($"the volume '{name}' has regions, which native programs do not have");
            case { Update: VolumeUpdate.RollbackProtected }:
                throw Refuse(
                    $"the volume '{name}' is 'rollback_protected', and a native program's tag moves at its start only",
                    "if that is enough, write 'update_policy: interval': a rollback can undo what was written since the last start");
            case { Update: VolumeUpdate.NoRollbackProtection }:
                setKey(name, Derive(configured.Key, [], "main"));
                break;
            case { Update: VolumeUpdate.Ephemeral }:
                Empty(main);
                setKey(name, Derive(configured.Key, [], "main"));
                break;
            default:
                await RenewAsync(configured, move).ConfigureAwait(false);
                break;
        }
    }

    private async Task RenewAsync(VolumeConfiguration configured, TagMover move)
    {
        var (key, last, next) = (configured.Key, configured.Tag, RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes));
        if (last is null)
        {
            Empty(main);
            setKey(name, Derive(key, next, "main"));
            WriteMark(main);
            await MoveAsync(move, configured.Name, last, next).ConfigureAwait(false);
            return;
        }
        setKey(name, Derive(key, last, "main"));
        if (IsWhole(main))
        {
            setKey(PremainPaths.SpareKeyOf(name), Derive(key, next, "spare"));
            Copy(main, spare);
            await MoveAsync(move, configured.Name, last, next).ConfigureAwait(false);
            setKey(name, Derive(key, next, "main"));
            Copy(spare, main);
        }
        else
        {
            setKey(PremainPaths.SpareKeyOf(name), Derive(key, last, "spare"));
            if (!IsWhole(spare))
            {
                throw new RefusedException(RuntimeReasons.MissingVolume.Because(
                    $"the volume '{name}' was written before, and its files here are not those of the last run: "
                    + "they are missing, older, or of another volume"));
            }
            setKey(name, Derive(key, next, "main"));
            Copy(spare, main);
            await MoveAsync(move, configured.Name, last, next).ConfigureAwait(false);
        }
        Empty(spare);
    }

    private async Task MoveAsync(TagMover move, string tag, byte[]? last, byte[] next)
    {
        if (!await move(tag, last, next).ConfigureAwait(false))
        {
            throw new RefusedException(RuntimeReasons.MissingVolume.Because($"another start of the program took the volume '{name}'"));
        }
    }

    private static byte[] Derive(byte[] key, byte[] tag, string place) => HKDF.DeriveKey(
        HashAlgorithmName.SHA256, key, KeySize, salt: tag, info: Encoding.ASCII.GetBytes($"guardian-premain volume {place}"));

    // A file of another key, or a changed one, cannot be opened.
    private static bool IsWhole(string place)
    {
        try
        {
            return File.ReadAllText(Path.Combine(place, Mark)) == Mark;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static void WriteMark(string place) => Write(Path.Combine(place, Mark), Encoding.ASCII.GetBytes(Mark), null);

    // A file that cannot be decrypted ends the start: without it, the program would find an older or a smaller volume.
    private static void Copy(string from, string to)
    {
        Empty(to);
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        }
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var relative = Path.GetRelativePath(from, file);
            if (relative != Mark)
            {
                using var source = File.OpenRead(file);
                Write(Path.Combine(to, relative), source, File.GetUnixFileMode(file));
            }
        }
        WriteMark(to);
    }

    private static void Empty(string place)
    {
        // The mark first: what is left after an interruption is not whole.
        File.Delete(Path.Combine(place, Mark));
        foreach (var file in Directory.EnumerateFiles(place, "*", SearchOption.AllDirectories).ToList())
        {
            File.Delete(file);
        }
        foreach (
            var folder in Directory.EnumerateDirectories(place, "*", SearchOption.AllDirectories).OrderByDescending(path => path.Length)
            .ToList())
        {
            Directory.Delete(folder);
        }
    }

    private static void Write(string path, byte[] content, UnixFileMode? mode)
    {
        using var source = new MemoryStream(content);
        Write(path, source, mode);
    }

    private static void Write(string path, Stream source, UnixFileMode? mode)
    {
        using var target = new FileStream(path, new FileStreamOptions
        {
            Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode, BufferSize = 0,
        });
        source.CopyTo(target);
        target.Flush(flushToDisk: true);
    }

    private static RefusedException Refuse(string detail, string? remedy = null) =>
        new(RuntimeReasons.BadConfiguration.Because(detail) with { Remedy = remedy ?? RuntimeReasons.BadConfiguration.Remedy });
}
