using Guardian.Cli.Output;
using System.Text;
using Guardian.Attestation.Identity;
using Guardian.CleanRoom.Client.Drafting;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Installation;
using Guardian.Cli.Options;
using Guardian.Cli.Rooms;
using Guardian.Portal.Pages;
using Guardian.Portal.Serving;
using Guardian.Sgx;

namespace Guardian.Cli.Desk;

/// <summary>The pages on which members draft their parts, and one puts the contract together.</summary>
internal sealed class DraftPages(RoomDesk desk)
{
    // The largest file that a browser sends here; larger ones are named by their path.
    private const long MaxUpload = 8L * 1024 * 1024 * 1024;

    /// <summary>Adds the pages.</summary>
    public void Map(PortalRoutes routes)
    {
        routes.Get("/rooms/new", _ => PageResult.Page<NewRoomView, RoomListModel>("Begin a room", new RoomListModel([], RoomShelf.Home)));
        routes.Post("/drafts", BeginAsync, MaxUpload);
        routes.Get("/drafts/{id}", Show);
        routes.Post("/drafts/{id}", Decide);
        routes.Get("/drafts/{id}/file", request =>
        {
            var entry = RoomShelf.Find(request.Route("id"), isContract: false);
            return PageResult.File(Path.GetFileName(entry.Path), "application/yaml", InputFile.ReadBytes(entry.Path));
        });
        routes.Post("/drafts/{id}/contract", WriteContractAsync);
    }

    /// <summary>Keeps files that the browser sent in a folder, readable by the user alone.</summary>
    /// <returns>Their paths, and those that the user named.</returns>
    public static async Task<IReadOnlyList<string>> KeepDataAsync(PageRequest request, string folder)
    {
        List<string> paths = [.. request.Text("paths").Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0)];
        paths.ForEach(path => InputFile.Require(path));
        foreach (var file in request.Files)
        {
            var path = Path.Combine(folder, SafeName(file.FileName));
            using var target = InputFile.Use(path, () => new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.Create, Access = FileAccess.Write, UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
                Options = FileOptions.Asynchronous,
            }));
            await file.CopyToAsync(target, request.Cancellation).ConfigureAwait(false);
            paths.Add(path);
        }
        return paths.Count > 0 ? paths : throw CliReasons.NoFile.Refuse("choose a file, or name one", "go back, and choose the data");
    }

    // The name of a file of data cannot take the place of a key, a contract or a signature.
    private static string SafeName(string name)
    {
        var safe = string.Concat(Path.GetFileName(name).Select(
            letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '-' or '_' ? letter : '_')).TrimStart('.');
        return new[] { ".csv", ".gz", ".parquet", ".xlsx" }.Any(end => safe.EndsWith(end, StringComparison.OrdinalIgnoreCase))
            && safe.Length < 128
            ? safe
            : throw CliReasons.BadFile.Refuse(
                $"'{name}' is no name of a file of data", "its name ends with .csv, .csv.gz, .parquet or .xlsx");
    }

    private async Task<PageResult> BeginAsync(PageRequest request)
    {
        var (member, folder) = (request.Field("member"), Path.GetFullPath(request.Field("folder")));
        MemberDraft.RequireName(member);
        InputFile.Use(folder, () => Directory.CreateDirectory(folder));
        var path = Path.Combine(folder, $"{member}.yaml");
        OutputFile.RequireNew(path);
        var isSeveral = request.Field("several") == "true";
        var publicKey = FindKey(folder, member, request.Field("passphrase"));
        var files = await KeepDataAsync(request, folder).ConfigureAwait(false);
        RoomShelf.Add(folder);
        return desk.Jobs.Begin("Reading your files", $"/drafts/{ShelfEntry.Of(path, isContract: false).Id}", (progress, cancellation) =>
        {
            progress(0, "the files are read on this computer");
            var draft = MemberDraft.Read(files, member, isSeveral, () => publicKey, cancellation);
            OutputFile.Write(path, draft.Text);
            return Task.FromResult<IReadOnlyList<string>>(
                [.. draft.Notes, $"{Format.Count(draft.Decisions, "decision is", "decisions are")} left to you"]);
        }, desk.End);
    }

    private string FindKey(string folder, string member, string passphrase)
    {
        if (desk.Keys.Find(folder) is [var known, ..])
        {
            if (known.PublicKey is null)
            {
                desk.Keys.Unlock(known.Path, passphrase);
            }
            return desk.Keys.Use(known.Path, key => key.PublicKey);
        }
        var path = Path.Combine(folder, $"{member}.pem");
        using var made = IdentityKey.Create();
        InputFile.Use(path, () =>
        {
            made.Save(path, passphrase.Length == 0 ? null : passphrase);
            return path;
        });
        if (passphrase.Length > 0)
        {
            desk.Keys.Unlock(path, passphrase);
        }
        return made.PublicKey;
    }

    private PageResult Show(PageRequest request)
    {
        var entry = RoomShelf.Find(request.Route("id"), isContract: false);
        var text = InputFile.ReadText(entry.Path);
        return PageResult.Page<DraftView, DraftModel>("Draft", new DraftModel
        {
            Id = entry.Id,
            File = entry.Path,
            Text = text,
            Member = RoomDraft.Read(entry.Path).Members is [var (name, _), ..] ? name : Path.GetFileNameWithoutExtension(entry.Path),
            Decisions = DraftDecisions.Find(text),
        });
    }

    private static PageResult Decide(PageRequest request)
    {
        var entry = RoomShelf.Find(request.Route("id"), isContract: false);
        var text = DraftDecisions.Apply(InputFile.ReadText(entry.Path), index => request.Field($"decision-{index}"));
        OutputFile.Replace(entry.Path, Encoding.UTF8.GetBytes(text));
        return PageResult.Redirect($"/drafts/{entry.Id}");
    }

    private async Task<PageResult> WriteContractAsync(PageRequest request)
    {
        var entry = RoomShelf.Find(request.Route("id"), isContract: false);
        var name = request.Field("name");
        if (!RoomOptions.IsMemberName(name))
        {
            throw CliReasons.Usage.Refuse($"'{name}' is no name of a room", "lower-case letters, digits, hyphens and underscores");
        }
        var path = Path.Combine(entry.Folder, "room.yaml");
        OutputFile.RequireNew(path, Path.Combine(entry.Folder, "session.yaml"));
        List<RoomDraft> drafts = [RoomDraft.Read(entry.Path)];
        foreach (var (file, content) in await ReceivedFiles.ReadAsync(request.Files, request.Cancellation).ConfigureAwait(false))
        {
            drafts.Add(RoomDraft.Read(content, file));
        }
        if (drafts.Find(draft => draft.DataSets.Contains($": {DataSetDraft.Decide}", StringComparison.Ordinal)) is { } open)
        {
            throw CliReasons.BadFile.Refuse(
                $"the draft of {string.Join(", ", open.Members.Select(member => member.Name))} has open decisions",
                "its owner decides first");
        }
        var members = drafts.SelectMany(draft => draft.Members).DistinctBy(member => member.Name).ToList();
        if (members.Count < 2)
        {
            throw CliReasons.TwoMembers.Refuse("the drafts name fewer than two members", "add a draft of each partner");
        }
        var key = desk.Keys.Find(entry.Folder).FirstOrDefault(
            each => each.PublicKey is not null && each.PublicKey == drafts[0].Members[0].PublicKey)
            ?? throw CliReasons.NoPassphrase.Refuse(
                "your key is not in the folder, or it is locked", "unlock it by beginning a room with its folder");
        var target = request.Field("cas") is { Length: > 0 } word
            ? CasTarget.Read(word) is { Target: { } found }
                ? found
                : throw CliReasons.Usage.Refuse($"'{word}' is no CAS", "https://host:port")
            : null;
        var platform = request.Field("platform") == "simulated" ? PlatformKind.Simulated : PlatformKind.Hardware;
        var creation = new RoomCreation(name, InstalledProgram.Enclave.Measure(), [platform]);
        return desk.Jobs.Begin(
            $"Writing the contract of {name}", $"/rooms/{ShelfEntry.Of(path, isContract: true).Id}", async (progress, cancellation) =>
            {
                if (target is null)
                {
                    progress(0, "a CAS starts on this computer");
                    var address = await desk.Programs.StartCasAsync(entry.Folder, key.PublicKey!, "127.0.0.1:0", cancellation)
                        .ConfigureAwait(false);
                    target = new CasTarget(address, null);
                }
                progress(0, "the CAS is verified, and makes the key of the room");
                using var certificate = desk.Keys.Use(key.Path, each => each.CreateClientCertificate(TimeProvider.System.GetUtcNow()));
                var session = await creation.MakeSessionAsync(
                    target, certificate, Path.Combine(entry.Folder, "session.yaml"), cancellation).ConfigureAwait(false);
                creation.WriteContract(path, members, drafts, session);
                return ["the contract is written", "read it, add a measurement of lift if you want one, and then all sign"];
            }, desk.End);
    }
}
