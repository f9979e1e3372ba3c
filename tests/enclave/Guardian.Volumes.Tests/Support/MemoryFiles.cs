using Guardian.Files;

namespace Guardian.Volumes.Tests.Support;

/// <summary>A file system in memory, as simple as possible: the model of a volume's behaviour.</summary>
internal sealed class MemoryFiles : IFileSystem
{
    private ulong nextNumber = 1;

    public MemoryFiles() => Root = new Folder(this, null);

    public IDirectory Root { get; }

    public void Dispose()
    {
    }

    internal abstract class Item(MemoryFiles owner) : INode
    {
        public MemoryFiles Owner { get; } = owner;

        public ulong Number { get; } = owner.nextNumber++;

        public ulong Links { get; set; } = 1;

        public abstract FileKind Kind { get; }

        protected virtual ulong Size => 0;

        public FileError Stat(out FileStat stat)
        {
            stat = new FileStat(1, Number, Kind, Links, Size, 0, 0, 0);
            return FileError.Success;
        }

        public FileError SetTimes(ulong? access, ulong? modification) => FileError.Success;

        public FileError Sync(bool dataOnly) => FileError.Success;

        public void Dispose()
        {
        }
    }

    private sealed class Content(MemoryFiles owner) : Item(owner), IFile
    {
        private byte[] bytes = [];

        public override FileKind Kind => FileKind.RegularFile;

        protected override ulong Size => (ulong)bytes.Length;

        public FileError Read(ulong offset, Span<byte> buffer, out int read)
        {
            read = offset >= Size ? 0 : (int)Math.Min((ulong)buffer.Length, Size - offset);
            bytes.AsSpan((int)Math.Min(offset, Size), read).CopyTo(buffer);
            return FileError.Success;
        }

        public FileError Write(ulong offset, ReadOnlySpan<byte> data, out int written)
        {
            written = data.Length;
            if (data.Length > 0)
            {
                Array.Resize(ref bytes, Math.Max(bytes.Length, (int)offset + data.Length));
                data.CopyTo(bytes.AsSpan((int)offset));
            }
            return FileError.Success;
        }

        public FileError Append(ReadOnlySpan<byte> data, out int written, out ulong end)
        {
            var error = Write(Size, data, out written);
            end = Size;
            return error;
        }

        public FileError SetSize(ulong size)
        {
            Array.Resize(ref bytes, (int)size);
            return FileError.Success;
        }

        public FileError Allocate(ulong offset, ulong length) => offset + length <= Size ? FileError.Success : SetSize(offset + length);
    }

    private sealed class Link(MemoryFiles owner, string target) : Item(owner), ISymbolicLink
    {
        public override FileKind Kind => FileKind.SymbolicLink;

        protected override ulong Size => (ulong)System.Text.Encoding.UTF8.GetByteCount(target);

        public FileError ReadTarget(out string found)
        {
            found = target;
            return FileError.Success;
        }
    }

    private sealed class Folder(MemoryFiles owner, Folder? parent) : Item(owner), IDirectory
    {
        private readonly SortedDictionary<string, Item> names = new(StringComparer.Ordinal);
        private Folder? parent = parent;
        private bool isRemoved;

        public override FileKind Kind => FileKind.Directory;

        public FileError Open(string name, FileOpenMode mode, out INode? node)
        {
            node = names.GetValueOrDefault(name);
            return node is null ? FileError.NoEntry : FileError.Success;
        }

        public FileError CreateFile(string name, out IFile? file)
        {
            var made = new Content(Owner);
            var error = Add(name, made);
            file = error == FileError.Success ? made : null;
            return error;
        }

        public FileError CreateDirectory(string name)
        {
            var error = Add(name, new Folder(Owner, this));
            Recount();
            return error;
        }

        public FileError CreateSymbolicLink(string name, string target) => Add(name, new MemoryFiles.Link(Owner, target));

        public FileError Link(string name, INode existing)
        {
            var item = (Item)existing;
            if (!isRemoved && !names.ContainsKey(name) && (item is Folder || item.Links == 0))
            {
                return item is Folder ? FileError.NotPermitted : FileError.NoEntry;
            }
            var error = Add(name, item);
            item.Links += error == FileError.Success ? 1u : 0u;
            return error;
        }

        private bool IsWithin(object? other)
        {
            for (var above = this; above is not null; above = above.parent)
            {
                if (above == other)
                {
                    return true;
                }
            }
            return false;
        }

        public FileError Rename(string name, IDirectory toDirectory, string toName)
        {
            var to = (Folder)toDirectory;
            if (!names.TryGetValue(name, out var moved) || to.isRemoved)
            {
                return FileError.NoEntry;
            }
            to.names.TryGetValue(toName, out var replaced);
            if (replaced == moved)
            {
                return FileError.Success;
            }
            if (to.IsWithin(moved))
            {
                return FileError.Invalid;
            }
            if (IsWithin(replaced))
            {
                return FileError.NotEmpty;
            }
            if (replaced is not null)
            {
                var error = (moved, replaced) switch
                {
                    (Folder, Folder { names.Count: > 0 }) => FileError.NotEmpty,
                    (Folder, not Folder) => FileError.NotDirectory,
                    (not Folder, Folder) => FileError.IsDirectory,
                    _ => FileError.Success,
                };
                if (error != FileError.Success)
                {
                    return error;
                }
            }
            names.Remove(name);
            to.names[toName] = moved;
            if (moved is Folder folder)
            {
                folder.parent = to;
            }
            if (replaced is Folder gone)
            {
                gone.isRemoved = true;
            }
            else if (replaced is not null)
            {
                replaced.Links--;
            }
            Recount();
            to.Recount();
            return FileError.Success;
        }

        public FileError RemoveFile(string name)
        {
            if (!names.TryGetValue(name, out var item))
            {
                return FileError.NoEntry;
            }
            if (item is Folder)
            {
                return FileError.IsDirectory;
            }
            names.Remove(name);
            item.Links--;
            return FileError.Success;
        }

        public FileError RemoveDirectory(string name)
        {
            if (!names.TryGetValue(name, out var item))
            {
                return FileError.NoEntry;
            }
            if (item is not Folder folder)
            {
                return FileError.NotDirectory;
            }
            if (folder.names.Count > 0)
            {
                return FileError.NotEmpty;
            }
            names.Remove(name);
            folder.isRemoved = true;
            Recount();
            return FileError.Success;
        }

        public FileError List(ulong cookie, int max, out IReadOnlyList<DirectoryEntry> entries)
        {
            entries =
            [
                .. names.Skip((int)cookie).Take(max)
                    .Select((pair, i) => new DirectoryEntry(pair.Key, pair.Value.Number, pair.Value.Kind, cookie + (ulong)i + 1)),
            ];
            return FileError.Success;
        }

        private void Recount() => Links = 2 + (ulong)names.Values.Count(item => item is Folder);

        private FileError Add(string name, Item item)
        {
            if (isRemoved)
            {
                return FileError.NoEntry;
            }
            if (item is Folder folder)
            {
                folder.Recount();
            }
            return names.TryAdd(name, item) ? FileError.Success : FileError.Exists;
        }
    }
}
