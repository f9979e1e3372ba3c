using System.Text;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Rooms;
using Guardian.Documents;
using Microsoft.AspNetCore.Http;

namespace Guardian.Cli.Desk;

/// <summary>Puts what partners sent beside a contract. Each file is recognised by its content; its name is only a hint.</summary>
internal static class ReceivedFiles
{
    private const int MaxSize = 16 * 1024 * 1024;
    private const int MaxFiles = 32;

    /// <summary>Reads files of a form into memory.</summary>
    /// <exception cref="Refusals.RefusedException">There are too many, or one is too large.</exception>
    public static async Task<IReadOnlyList<(string Name, byte[] Content)>> ReadAsync(
        IReadOnlyList<IFormFile> files, CancellationToken cancellation)
    {
        if (files.Count is 0 or > MaxFiles)
        {
            throw CliReasons.NoFile.Refuse($"choose 1 to {MaxFiles} files", "go back, and choose the files");
        }
        var read = new List<(string, byte[])>();
        foreach (var file in files)
        {
            if (file.Length > MaxSize)
            {
                throw CliReasons.TooLarge.Refuse($"{file.FileName} has {file.Length} bytes; at most {MaxSize} are read");
            }
            using var copy = new MemoryStream();
            await file.CopyToAsync(copy, cancellation).ConfigureAwait(false);
            read.Add((Path.GetFileName(file.FileName), copy.ToArray()));
        }
        return read;
    }

    /// <summary>Keeps a contract that was received with its companions.</summary>
    /// <param name="files">The files.</param>
    /// <param name="chooseFolder">Chooses the folder for a contract.</param>
    /// <returns>The contract's entry on the shelf.</returns>
    public static ShelfEntry KeepContract(
        IReadOnlyList<(string Name, byte[] Content)> files, Func<RoomContract, string> chooseFolder)
    {
        var found = files.FirstOrDefault(file => RoomShelf.FindKind(file.Content) == true);
        if (found.Content is null)
        {
            throw CliReasons.BadContract.Refuse(
                "none of the files is a contract", "ask your partner for room.yaml, session.yaml and the signatures");
        }
        var contract = Parse(found.Name, found.Content);
        var folder = chooseFolder(contract);
        Directory.CreateDirectory(folder);
        var path = FindPath(folder, contract, found.Content);
        RoomShelf.Add(folder);
        if (!File.Exists(path))
        {
            OutputFile.Write(path, found.Content);
            KeepPrevious(folder, contract, path);
        }
        var file = RoomFile.Load(path);
        foreach (var (name, content) in files.Where(file => file.Content != found.Content))
        {
            Keep(file, name, content);
        }
        return ShelfEntry.Of(path, isContract: true);
    }

    /// <summary>Keeps files beside a contract.</summary>
    /// <returns>The contract that they belong to: a next one, if there is one among them.</returns>
    public static ShelfEntry KeepBeside(RoomFile file, IReadOnlyList<(string Name, byte[] Content)> files)
    {
        if (files.Any(each => RoomShelf.FindKind(each.Content) == true && !each.Content.AsSpan().SequenceEqual(file.Bytes)))
        {
            return KeepContract(files, _ => Path.GetDirectoryName(Path.GetFullPath(file.Path))!);
        }
        foreach (var (name, content) in files)
        {
            Keep(file, name, content);
        }
        return ShelfEntry.Of(file.Path, isContract: true);
    }

    private static void Keep(RoomFile file, string name, byte[] content)
    {
        if (content.AsSpan().SequenceEqual(file.Bytes))
        {
            return;
        }
        if (FindSigner(file, content) is { } signer)
        {
            if (!File.Exists(file.SignaturePath(signer)))
            {
                OutputFile.Write(file.SignaturePath(signer), content);
            }
            return;
        }
        var session = Path.Combine(Path.GetDirectoryName(file.Path)!, "session.yaml");
        if (RoomSession.IsOf(file.Contract, content))
        {
            RoomSession.Require(file.Contract, content);
            if (!File.Exists(session))
            {
                OutputFile.Write(session, content);
            }
            return;
        }
        if (file.Previous is { } previous && content.AsSpan().StartsWith("{"u8))
        {
            RoomStatements.ReadHandOver(content, previous, file.Contract);
            if (!File.Exists(file.HandOverPath))
            {
                OutputFile.Write(file.HandOverPath, content);
            }
            return;
        }
        throw CliReasons.BadFile.Refuse(
            $"{name} does not belong to this contract",
            "it takes the signatures of its members, the session whose hash it has, and its next contract; another version of the "
            + "contract has other signatures");
    }

    // A signature says by itself whose it is: one member's key verifies it.
    private static string? FindSigner(RoomFile file, byte[] content)
    {
        if (content.Length > 256)
        {
            return null;
        }
        var text = Encoding.UTF8.GetString(content).Trim();
        return file.Signers.FirstOrDefault(member => SignedContract.Verify(
            file.Contract with { Members = [member], Previous = null }, new Dictionary<string, string> { [member.Name] = text }, out _)
            is not null)?.Name;
    }

    private static RoomContract Parse(string name, byte[] content)
    {
        var problems = new DocumentProblems();
        return ContractReader.Read(content, problems) is { } contract && !problems.Any
            ? contract
            : throw CliReasons.BadContract.Refuse(
                $"{name} is no valid contract", problems: [.. problems.Items.Select(problem => $"{name}:{problem}")]);
    }

    // The same bytes keep their file; another contract gets one of its own.
    private static string FindPath(string folder, RoomContract contract, byte[] content)
    {
        for (var number = contract.Version; ; number++)
        {
            var path = Path.Combine(folder, number == 1 ? "room.yaml" : $"room-{number}.yaml");
            if (!File.Exists(path) || File.ReadAllBytes(path).AsSpan().SequenceEqual(content))
            {
                return path;
            }
        }
    }

    private static void KeepPrevious(string folder, RoomContract contract, string path)
    {
        if (contract.Previous is not { } hash)
        {
            return;
        }
        foreach (var entry in RoomShelf.ListFolder(folder).Where(entry => entry.IsContract && entry.Path != path))
        {
            var bytes = File.ReadAllBytes(entry.Path);
            if (System.Security.Cryptography.SHA256.HashData(bytes).AsSpan().SequenceEqual(hash.Span))
            {
                OutputFile.Write(RoomFile.PreviousPath(path), bytes);
                return;
            }
        }
    }
}
