using Guardian.CleanRoom.Client;
using Guardian.CleanRoom.Contract;
using Guardian.Cli.Commands.Rooms;
using Guardian.Cli.Failures;
using Guardian.Cli.Inputs;
using Guardian.Cli.Rooms;
using Guardian.Portal.Pages;
using Guardian.Portal.Serving;

namespace Guardian.Cli.Desk;

/// <summary>The pages of a room's data: diagnosis, upload with progress, receipts.</summary>
internal sealed class DataPages(RoomDesk desk)
{
    private const string ReceiptPrefix = "receipt-";

    // The largest file that a browser sends here; larger ones are named by their path.
    private const long MaxUpload = 8L * 1024 * 1024 * 1024;

    /// <summary>Adds the pages.</summary>
    public void Map(PortalRoutes routes)
    {
        routes.Get("/rooms/{id}/data", ShowAsync);
        routes.Post("/rooms/{id}/diagnose", DiagnoseAsync, MaxUpload);
        routes.Post("/rooms/{id}/upload", Upload);
        routes.Get("/rooms/{id}/receipts/{name}", request =>
        {
            var room = desk.Open(request.Route("id"));
            var name = request.Route("name");
            return Receipts(room).Contains(name)
                ? PageResult.File(name, "application/jose+json", InputFile.ReadBytes(Path.Combine(room.Entry.Folder, name)))
                : throw CliReasons.Io.Refuse($"there is no receipt '{name}'");
        });
    }

    private async Task<PageResult> ShowAsync(PageRequest request)
    {
        var room = desk.Open(request.Route("id"));
        var found = await desk.UseAsync(room, client => client.DescribeAsync(request.Cancellation)).ConfigureAwait(false);
        return PageResult.Page<DataView, DataModel>("Data", new DataModel(
            room.Head("data"),
            [
                .. found.DataSets.Select(state => new DataRow(
                    room.File.Contract.FindDataSet(state.Name)!, state.Owner == found.Member, state.Version, state.Rows)),
            ],
            [.. Receipts(room)]));
    }

    private async Task<PageResult> DiagnoseAsync(PageRequest request)
    {
        var room = desk.Open(request.Route("id"));
        var dataSet = FindMine(room, request.Field("dataset"));
        var what = request.Field("what");
        var path = (await DraftPages.KeepDataAsync(request, room.Entry.Folder).ConfigureAwait(false))[0];
        // A composite has a report for each of its parts.
        var identifiers = dataSet.Identifiers.SelectMany(identifier => identifier.Parts.Count == 0 ? [identifier] : identifier.Parts);
        var model = new DiagnosisModel(room.Head("data"), dataSet.Name, path, what, []);
        return PageResult.Page<DiagnosisView, DiagnosisModel>("Diagnosis", what == "remove" ? model : await Task.Run(
            () => InputFile.Use(path, () => model with
            {
                Several = dataSet.Identifiers.Count > 1
                    ? new WaterfallDiagnosis(dataSet.Identifiers).Read(path, request.Cancellation)
                    : null,
                Reports =
                [
                    .. identifiers.DistinctBy(each => each.Column).Select(
                        each => (each.Column, new IdentifierDiagnosis(each).Read(path, request.Cancellation))),
                ],
            }), request.Cancellation).ConfigureAwait(false));
    }

    private PageResult Upload(PageRequest request)
    {
        var room = desk.Open(request.Route("id"));
        var dataSet = FindMine(room, request.Field("dataset"));
        var (path, what) = (InputFile.Require(request.Field("path")), request.Field("what"));
        var form = what == "all" ? UploadForm.Sorted : UploadForm.Changes;
        return desk.Jobs.Begin($"Sending {dataSet.Name}", room.Url("/data"), async (progress, cancellation) =>
        {
            progress(0, "the room is verified");
            var (result, receipt) = await desk.UseAsync(room, client => new RoomUpload(room.File, client, dataSet.Name, form).SendAsync(
                what == "remove" ? null : path, what == "remove" ? path : null,
                part => (share, words) => progress(share, $"{part}: {words}"), cancellation)).ConfigureAwait(false);
            var name = $"{ReceiptPrefix}{dataSet.Name}-{result.Version[..12]}.jws";
            if (!File.Exists(Path.Combine(room.Entry.Folder, name)))
            {
                OutputFile.Write(Path.Combine(room.Entry.Folder, name), receipt);
            }
            return [.. result.ToLines(), $"the receipt is {name}"];
        }, desk.End);
    }

    private static DataSet FindMine(OpenRoom room, string name) =>
        room.File.Contract.FindDataSet(name) is { } dataSet && dataSet.Owner == room.Mine?.Member
            ? dataSet
            : throw CliReasons.NoDataSet.Refuse($"you have no data set '{name}' in this room");

    private static IEnumerable<string> Receipts(OpenRoom room) =>
        Directory.EnumerateFiles(room.Entry.Folder, $"{ReceiptPrefix}*.jws").Select(path => Path.GetFileName(path))
            .Order(StringComparer.Ordinal);
}
