using Guardian.Files;
using Guardian.Volumes.Content;
using Guardian.Volumes.Format;
using Guardian.Volumes.Storage;

namespace Guardian.Volumes;

/// <summary>Something of a volume that is not as it was written.</summary>
/// <param name="Path">What is affected; in parentheses where it is no file.</param>
/// <param name="Problem">What is wrong, in words.</param>
public sealed record VolumeDamage(string Path, string Problem);

/// <summary>What a check of a whole volume came to.</summary>
/// <param name="Generation">The state that was checked.</param>
/// <param name="IsClosed">Whether it was closed in order: then every byte of the container was accounted for.</param>
/// <param name="Files">How many files there are.</param>
/// <param name="Directories">How many directories.</param>
/// <param name="Links">How many symbolic links.</param>
/// <param name="Size">Bytes of all files together.</param>
/// <param name="Unprotected">How many files are of plain regions: of these, nobody can say whether they were changed.</param>
/// <param name="Damages">What is wrong; empty: nothing.</param>
public sealed record VolumeReport(
    ulong Generation, bool IsClosed, long Files, long Directories, long Links, ulong Size, long Unprotected, IReadOnlyList<VolumeDamage> Damages);

/// <summary>Reads everything that a volume's state refers to, and says which files are damaged. Used once.</summary>
/// <remarks>
/// 1 superblocks and size of the container; 2 the inode file; 3 every path from the root, with all that its files consist of; 4 inodes without a name, and link counts; 5 in a closed volume,
/// that nothing is hidden in free slots.
/// </remarks>
internal sealed class VolumeCheck(Volume volume, IStorage storage, VolumeKey key, Superblock superblock, RecordReader reader, Action<double>? progress)
{
    private const string Container = "(container)";

    private readonly SlotAllocator slots = new(storage, superblock.SlotCount);
    private readonly Dictionary<uint, uint> links = [];
    private readonly Dictionary<uint, string> paths = [];
    private readonly List<VolumeDamage> damages = [];
    private readonly byte[] buffer = new byte[Page.ChunkSize];
    private long files, directories, symbolicLinks, unprotected, slotsRead;
    private ulong size;

    public VolumeReport Run()
    {
        // Step 1.
        if (superblock.IsClosed)
        {
            CheckContainer();
        }
        // Step 2.
        CheckContent(volume.InodeFile, "(inode file)");
        // Step 3.
        Visit(1, "/", FileKind.Directory, 1);
        // Step 4.
        CheckInodes();
        // Step 5.
        if (superblock.IsClosed)
        {
            CheckFreeSlots();
        }
        return new VolumeReport(superblock.Generation, superblock.IsClosed, files, directories, symbolicLinks, size, unprotected, damages);
    }

    private void Report(string path, string problem) => damages.Add(new VolumeDamage(path, problem));

    private void CheckContainer()
    {
        if (storage.Size != superblock.SlotCount * Page.Size)
        {
            Report(Container, $"it has {storage.Size} bytes instead of {superblock.SlotCount * Page.Size}");
        }
        // A process that ended between the two copies of the last superblock has left the state before in the second's place.
        if (Superblocks.ReadAll(storage, key) is not { Count: Superblock.Count } found || found.Any(each => superblock.Generation - each.Superblock.Generation > 1))
        {
            Report(Container, "one of the two superblocks is damaged; the volume still opens by the other");
        }
    }

    private void Visit(uint number, string path, FileKind kind, uint parent)
    {
        if (paths.TryGetValue(number, out var known))
        {
            links[number]++;
            if (kind == FileKind.Directory)
            {
                Report(path, $"it is the same directory as {known}");
            }
            return;
        }
        paths[number] = path;
        links[number] = 1;
        Inode inode;
        try
        {
            inode = volume.Find(number);
        }
        catch (VolumeException damage)
        {
            Report(path, damage.Message);
            return;
        }
        if (inode.Kind != kind || inode.Links == 0 || (kind == FileKind.Directory && inode.Parent != parent))
        {
            Report(path, $"inode {number} is not what the directory says");
            return;
        }
        var isWhole = CheckContent(inode, path);
        Count(inode);
        if (kind == FileKind.Directory && isWhole)
        {
            VisitNames(inode, path);
        }
        volume.Forget(inode);
    }

    private void Count(Inode inode)
    {
        directories += inode.Kind == FileKind.Directory ? 1 : 0;
        symbolicLinks += inode.Kind == FileKind.SymbolicLink ? 1 : 0;
        if (inode.Kind == FileKind.RegularFile)
        {
            files++;
            size += inode.Size;
            unprotected += inode.Protection == Protection.Plain ? 1 : 0;
        }
    }

    private void VisitNames(Inode directory, string path)
    {
        List<DirectoryItem> items;
        try
        {
            items = [.. volume.NamesOf(directory).From(0)];
        }
        catch (VolumeException damage)
        {
            Report(path, damage.Message);
            return;
        }
        links[directory.Number]++;
        foreach (var item in items)
        {
            Visit(item.Node, $"{path.TrimEnd('/')}/{item.Name}", item.Kind, directory.Number);
            links[directory.Number] += item.Kind == FileKind.Directory ? 1u : 0u;
        }
    }

    // Reads all nodes and records of a file, and takes their slots.
    private bool CheckContent(Inode inode, string path)
    {
        var before = damages.Count;
        inode.Map.Walk(
            (pointer, page) =>
            {
                if (!slots.TryMark(pointer.Slot, pointer.Count))
                {
                    Report(path, $"slot {pointer.Slot} belongs to another file too");
                }
                if (page >= 0)
                {
                    CheckRecord(pointer, page, path);
                }
                slotsRead += pointer.Count;
                progress?.Invoke((double)slotsRead / superblock.SlotCount);
            },
            damage => Report(path, damage.Message));
        return damages.Count == before;
    }

    private void CheckRecord(RecordPointer pointer, long page, string path)
    {
        try
        {
            reader.Read(pointer, buffer.AsSpan(0, pointer.Count * Page.Size));
        }
        catch (VolumeException)
        {
            var start = ((page / RecordPointer.MaxPages * RecordPointer.MaxPages) + pointer.First) * Page.Size;
            Report(path, $"bytes {start} to {start + (pointer.Count * Page.Size) - 1} are not what was written");
        }
    }

    private void CheckInodes()
    {
        for (var number = 1u; number < volume.InodeCount; number++)
        {
            try
            {
                var inode = volume.FindIfUsed(number);
                var found = links.GetValueOrDefault(number);
                if (inode is { Links: > 0 } && inode.Links != found)
                {
                    Report(paths.GetValueOrDefault(number, $"(inode {number})"), found == 0 ? "it has no name" : $"it has {found} links instead of {inode.Links}");
                }
                if (inode is not null && found == 0)
                {
                    // Without a name, but its slots are taken.
                    CheckContent(inode, $"(inode {number})");
                }
            }
            catch (VolumeException damage)
            {
                Report(paths.GetValueOrDefault(number, $"(inode {number})"), damage.Message);
            }
        }
    }

    private void CheckFreeSlots()
    {
        foreach (var (slot, count) in slots.FreeExtents())
        {
            for (var at = slot; at < slot + count; at += RecordPointer.MaxPages)
            {
                var part = buffer.AsSpan(0, (int)Math.Min(RecordPointer.MaxPages, slot + count - at) * Page.Size);
                storage.Read(at * Page.Size, part);
                if (part.ContainsAnyExcept((byte)0))
                {
                    Report(Container, $"there is something in free slots from {at} on");
                }
            }
        }
    }
}
