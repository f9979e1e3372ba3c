using System.Globalization;
using System.Text;
using Guardian.Attestation.Policy;
using Guardian.Attestation.RaTls;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Options;
using Guardian.Cli.Output;
using Guardian.Cli.Rooms;
using Guardian.Portal.Look;
using Guardian.Portal.Pages;
using Guardian.Portal.Serving;
using Guardian.Refusals;

namespace Guardian.Cli.Desk;

/// <summary>The list of rooms, and the page of a contract: read, sign, exchange, connect, run.</summary>
internal sealed class ContractPages(RoomDesk desk)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>Adds the pages.</summary>
    public void Map(PortalRoutes routes)
    {
        routes.Get("/", _ => PageResult.Page<RoomListView, RoomListModel>("Rooms", List()));
        routes.Post("/folders", request =>
        {
            var folder = request.Field("folder");
            if (!Directory.Exists(folder))
            {
                throw new RefusedException(FileRefusals.Missing(folder));
            }
            RoomShelf.Add(folder);
            return PageResult.Redirect("/");
        });
        routes.Post("/receive", async request =>
        {
            var files = await ReceivedFiles.ReadAsync(request.Files, request.Cancellation).ConfigureAwait(false);
            return PageResult.Redirect($"/rooms/{ReceivedFiles.KeepContract(files, ChooseFolder).Id}");
        });
        routes.Get("/rooms/{id}", ShowAsync);
        routes.Post("/rooms/{id}/receive", async request =>
        {
            var files = await ReceivedFiles.ReadAsync(request.Files, request.Cancellation).ConfigureAwait(false);
            return PageResult.Redirect($"/rooms/{ReceivedFiles.KeepBeside(desk.Open(request.Route("id")).File, files).Id}");
        });
        routes.Post("/rooms/{id}/text", Save);
        routes.Post("/rooms/{id}/lift", request =>
        {
            var room = desk.Open(request.Route("id"));
            RequireUnsigned(room.Entry);
            LiftForm.Apply(room.File, request);
            return PageResult.Redirect(room.Url());
        });
        routes.Post("/rooms/{id}/sign", Sign);
        routes.Post("/rooms/{id}/unlock", Unlock);
        routes.Post("/rooms/{id}/use", Use);
        routes.Post("/rooms/{id}/start", Start);
        routes.Get("/rooms/{id}/files/{name}", SendFile);
    }

    private RoomListModel List() =>
        new([.. RoomShelf.List().Select(entry => entry.IsContract ? Row(entry) : DraftRow(entry))], RoomShelf.Home);

    private RoomRow Row(ShelfEntry entry)
    {
        try
        {
            var room = desk.Open(entry, RoomFile.Load(entry.Path));
            var missing = room.File.Contract.Members.Where(member => !File.Exists(room.File.SignaturePath(member.Name)))
                .Select(member => member.Name).ToList();
            List<string> waits =
            [
                .. room.Mine is { Member: { } mine } && missing.Contains(mine) ? ["read the contract, and sign it"] : Array.Empty<string>(),
                .. room.Mine is null && room.Keys.Count > 0 ? ["unlock your key"] : Array.Empty<string>(),
                .. missing.Count == 0 && room.Mine is not null && room.Address is null
                    ? ["run the room here, or give its address"]
                    : Array.Empty<string>(),
            ];
            var state = missing.Count == 0 ? room.IsHosted ? "running here" : "signed by all"
                : $"{string.Join(", ", missing)} {(missing.Count == 1 ? "has" : "have")} not signed";
            return new RoomRow(entry.Id, room.File.Contract.Name, entry.Path, room.Mine?.Member, waits, state, IsDraft: false);
        }
        catch (RefusedException)
        {
            return new RoomRow(
                entry.Id, Path.GetFileName(entry.Path), entry.Path, null, ["complete the contract"], "not valid yet", IsDraft: false);
        }
    }

    private static RoomRow DraftRow(ShelfEntry entry) => new(
        entry.Id, $"Draft: {Path.GetFileNameWithoutExtension(entry.Path)}", entry.Path, null, [], "draft", IsDraft: true);

    // The folder with the key of a member: that is where this user prepared the room.
    private string ChooseFolder(RoomContract contract) =>
        RoomShelf.Folders.FirstOrDefault(folder => desk.Keys.Find(folder).Any(
            key => contract.Members.Any(member => member.PublicKey == key.PublicKey)))
        ?? Path.Combine(RoomShelf.Home, contract.Name);

    private async Task<PageResult> ShowAsync(PageRequest request)
    {
        var entry = RoomShelf.Find(request.Route("id"), isContract: true);
        RoomFile file;
        try
        {
            file = RoomFile.Load(entry.Path);
        }
        catch (RefusedException failure) when (failure.Refusal.Reason == CliReasons.BadContract)
        {
            return PageResult.Page<BrokenContractView, BrokenContractModel>("Contract", new BrokenContractModel(
                entry.Id, entry.Path, InputFile.ReadText(entry.Path), [.. failure.Refusal.Problems.Select(
                    problem => problem.Replace($"{entry.Path}:", "line ", StringComparison.Ordinal))]));
        }
        var room = desk.Open(entry, file);
        SignedContract.Verify(file.Contract, file.ReadSignatures(), out var problems, file.Previous);
        var isReachable = problems.Count == 0 && room.Address is not null && room.Mine is not null;
        return PageResult.Page<RoomSheetView, RoomSheetModel>(file.Contract.Name, new RoomSheetModel
        {
            Head = room.Head("overview"),
            Contract = file.Contract,
            Hash = file.Hash,
            File = entry.Path,
            Text = Encoding.UTF8.GetString(file.Bytes),
            Signatures =
            [
                .. file.Signers.Select(member => new SignatureRow(
                    member.Name, File.Exists(file.SignaturePath(member.Name)), room.Keys.Any(key => key.Member == member.Name))),
            ],
            Problems = problems,
            Protection =
            [
                RoomView.DescribePrivacy(file.Contract.Privacy.MinimumAudience, file.Contract.Privacy.Epsilon),
                .. BudgetMeaning.Describe(file.Contract),
            ],
            Warnings = [.. ContractWarnings.Of(file.Contract)],
            Successors = problems.Count == 0 ? SuccessionPages.Find(room) : [],
            Differences = file.Previous is { } previous ? ContractComparison.Compare(previous, file.Contract) : null,
            Keys = room.Keys,
            Files = [.. FilesOf(file).Select(path => Path.GetFileName(path))],
            Address = room.Address?.GetLeftPart(UriPartial.Authority) ?? "",
            Attestation = isReachable ? await VerifyAsync(room, request.Cancellation).ConfigureAwait(false) : null,
            IsHosted = room.IsHosted,
            HasCas = Directory.Exists(HostedPrograms.CasState(entry.Folder)),
        });
    }

    private async Task<AttestationModel> VerifyAsync(OpenRoom room, CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(Patience);
        (RaTlsPeer Peer, Appraisal Appraisal)? seen = null;
        try
        {
            var found = await desk.UseAsync(
                room, client => client.DescribeAsync(limit.Token), (peer, appraisal) => seen = (peer, appraisal)).ConfigureAwait(false);
            var quote = seen!.Value.Peer.Quote;
            return new AttestationModel(
                true, $"This code, under this contract, on this platform: {Platforms.Explain(quote.Platform)}.",
                [
                    ("code (MRENCLAVE)", quote.Report.MrEnclave.ToString()), ("contract", room.File.Hash),
                    ("platform", Platforms.Explain(quote.Platform)),
                    ("root of trust", $"{quote.RootName}, key {quote.RootKeyHash} ({(quote.IsRootIntel ? "Intel's" : "not Intel's")})"),
                    ("you are", found.Member),
                    .. found.DataSets.Select(dataSet => (
                        $"data: {dataSet.Name}", dataSet.Version is { } version ? $"version {Format.Brief(version)}" : "nothing yet")),
                ],
                [.. seen.Value.Appraisal.Checks.Select(check => check.ToString())]);
        }
        catch (RefusedException failure)
        {
            return new AttestationModel(
                false, Words.Sentence(failure.Refusal.Detail), [], [.. failure.Refusal.Problems]);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new AttestationModel(false, string.Create(
                CultureInfo.InvariantCulture, $"The room at {room.Address} did not answer within {Patience.TotalSeconds} seconds."), [],
                []);
        }
    }

    private PageResult Save(PageRequest request)
    {
        var entry = RoomShelf.Find(request.Route("id"), isContract: true);
        RequireUnsigned(entry);
        OutputFile.Replace(entry.Path, Encoding.UTF8.GetBytes(request.Text("text").TrimEnd('\n') + "\n"));
        return PageResult.Redirect($"/rooms/{entry.Id}");
    }

    private static void RequireUnsigned(ShelfEntry entry)
    {
        if (Directory.EnumerateFiles(entry.Folder, $"{Path.GetFileName(entry.Path)}.*.sig").Any())
        {
            throw CliReasons.Exists.Refuse(
                $"{entry.Path} has signatures, which are for these exact bytes", "write a next contract: guardian room amend");
        }
    }

    private PageResult Sign(PageRequest request)
    {
        var room = desk.Open(request.Route("id"));
        var member = request.Field("member");
        var key = room.Keys.FirstOrDefault(each => each.Member == member)
            ?? throw CliReasons.NotAMember.Refuse($"no unlocked key here is that of '{member}'");
        desk.Keys.Use(key.Path, identity => room.File.Sign(member, identity));
        return PageResult.Redirect(room.Url());
    }

    private PageResult Unlock(PageRequest request)
    {
        var room = desk.Open(request.Route("id"));
        var key = room.Keys.FirstOrDefault(each => each.Path == request.Field("key"))
            ?? throw CliReasons.NotAMember.Refuse("there is no such key in the folder");
        desk.Keys.Unlock(key.Path, request.Field("passphrase"));
        return PageResult.Redirect(room.Url());
    }

    private PageResult Use(PageRequest request)
    {
        var room = desk.Open(request.Route("id"));
        var text = request.Field("address");
        var address = Addresses.TryRead(text) ?? throw CliReasons.Usage.Refuse(Addresses.Explain(text), "such as https://127.0.0.1:9443");
        var key = room.Keys.FirstOrDefault(each => each.Path == request.Field("key") && each.Member is not null)
            ?? throw CliReasons.NotAMember.Refuse("choose an unlocked key of a member");
        desk.Choose(room.File, key.Path);
        new KnownRoom(address.GetLeftPart(UriPartial.Authority), key.Path).Save(room.File.Hash);
        return PageResult.Redirect(room.Url());
    }

    // With the state of a CAS in the folder, that CAS runs too.
    private PageResult Start(PageRequest request)
    {
        var room = desk.Open(request.Route("id"));
        room.File.RequireSigned();
        var mine = room.Mine ?? throw CliReasons.NotAMember.Refuse("unlock your key first");
        var owner = desk.Keys.Use(mine.Path, key => key.PublicKey);
        var (listen, named) = (request.Field("listen"), request.Field("cas"));
        var hasCas = Directory.Exists(HostedPrograms.CasState(room.Entry.Folder));
        var target = hasCas ? null : CasTarget.Read(named) is { Target: { } found } ? found.Address : throw CliReasons.Usage.Refuse(
            $"'{named}' is no address of a CAS", "https://host:port, or a name of 'guardian cas trust'");
        return desk.Jobs.Begin($"Running {room.File.Contract.Name}", room.Url(), async (progress, cancellation) =>
        {
            if (target is null)
            {
                progress(0, "the CAS starts in its enclave");
                target = await desk.Programs.StartCasAsync(room.Entry.Folder, owner, "127.0.0.1:0", cancellation).ConfigureAwait(false);
            }
            progress(0, "the room starts in its enclave, and the CAS verifies it");
            var address = await desk.Programs.StartRoomAsync(
                room.Entry.Path, target, listen.Length == 0 ? "127.0.0.1:0" : listen, cancellation).ConfigureAwait(false);
            new KnownRoom(address.GetLeftPart(UriPartial.Authority), mine.Path).Save(room.File.Hash);
            return [$"the room runs on this computer at {address.GetLeftPart(UriPartial.Authority)}",
                "tell the other members this address, with the name of this computer"];
        }, desk.End);
    }

    private PageResult SendFile(PageRequest request)
    {
        var room = desk.Open(request.Route("id"));
        var name = request.Route("name");
        var path = FilesOf(room.File).FirstOrDefault(file => Path.GetFileName(file) == name)
            ?? throw CliReasons.Io.Refuse($"'{name}' is no file of this contract for partners");
        return PageResult.File(name, "application/octet-stream", InputFile.ReadBytes(path));
    }

    // Nothing else of the folder leaves it.
    private static IEnumerable<string> FilesOf(RoomFile file) =>
        new[]
        {
            file.Path, RoomFile.PreviousPath(file.Path), Path.Combine(Path.GetDirectoryName(file.Path)!, "session.yaml"), file.HandOverPath,
        }.Concat(file.Signers.Select(member => file.SignaturePath(member.Name))).Where(File.Exists);
}
