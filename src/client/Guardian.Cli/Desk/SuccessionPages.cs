using System.Globalization;
using System.Text;
using Guardian.Cli.Rooms;
using Guardian.Portal.Pages;
using Guardian.Portal.Serving;
using Guardian.Refusals;

namespace Guardian.Cli.Desk;

/// <summary>The next contract of a room, and the list of matched persons.</summary>
internal sealed class SuccessionPages(RoomDesk desk)
{
    private const long MaxUpload = 8L * 1024 * 1024 * 1024;

    /// <summary>Adds the pages.</summary>
    public void Map(PortalRoutes routes)
    {
        routes.Post("/rooms/{id}/amend", request =>
        {
            var room = desk.Open(request.Route("id"));
            var path = Path.Combine(
                room.Entry.Folder, string.Create(CultureInfo.InvariantCulture, $"room-{room.File.Contract.Version + 1}.yaml"));
            Succession.WriteNext(room.File, path);
            return PageResult.Redirect($"/rooms/{ShelfEntry.Of(path, isContract: true).Id}");
        });
        routes.Post("/rooms/{id}/succeed", async request =>
        {
            var (room, next) = (desk.Open(request.Route("id")), desk.Open(request.Field("next")));
            // The room ends even if the browser leaves, so the call is not cancelled with it.
            await desk.UseAsync(room, client => Succession.HandOverAsync(room.File, next.File, client, desk.End)).ConfigureAwait(false);
            return PageResult.Redirect(next.Url());
        });
        routes.Post("/rooms/{id}/matched", async request =>
        {
            var room = desk.Open(request.Route("id"));
            var path = (await DraftPages.KeepDataAsync(request, room.Entry.Folder).ConfigureAwait(false))[0];
            var (_, identifiers) = await desk.UseAsync(room, client => MatchedPersons.FindAsync(
                room.File, client, QuestionForm.ReadConditions(request), path, desk.End)).ConfigureAwait(false);
            return PageResult.File(
                $"{room.File.Contract.Name}-matched.txt", "text/plain",
                Encoding.UTF8.GetBytes(string.Concat(identifiers.Select(each => $"{each}\n"))));
        }, MaxUpload);
    }

    /// <summary>Finds the contracts in a room's folder that succeed its own.</summary>
    public static IReadOnlyList<SuccessorRow> Find(OpenRoom room)
    {
        List<SuccessorRow> found = [];
        foreach (var entry in RoomShelf.ListFolder(room.Entry.Folder).Where(entry => entry.IsContract && entry.Path != room.Entry.Path))
        {
            try
            {
                var file = RoomFile.Load(entry.Path);
                if (file.Contract.Previous is { } previous && previous.Span.SequenceEqual(room.File.Contract.Hash.Span))
                {
                    var isSigned = file.Signers.All(member => File.Exists(file.SignaturePath(member.Name)));
                    found.Add(new SuccessorRow(entry.Id, file.Contract.Version, isSigned, File.Exists(file.HandOverPath)));
                }
            }
            catch (RefusedException)
            {
                // The page of that contract shows its mistakes.
            }
        }
        return found;
    }
}
