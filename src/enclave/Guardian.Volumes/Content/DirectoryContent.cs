using Guardian.Volumes.Format;

namespace Guardian.Volumes.Content;

/// <summary>The names of a directory in memory. The caller writes each page that a change names. Not thread-safe.</summary>
internal sealed class DirectoryContent
{
    private readonly Dictionary<string, DirectoryItem> names = new(StringComparer.Ordinal);

    // By cookie. A removed name leaves a gap (null) until there are many, so that removing costs little.
    private readonly List<(ulong Cookie, DirectoryItem? Item)> order = [];
    private readonly List<List<DirectoryItem>> pages = [];
    private readonly List<int> filled = [];

    // All pages before this one are full.
    private int firstWithSpace;

    /// <summary>How many names there are.</summary>
    public int Count => names.Count;

    /// <summary>Reads the pages of a directory; null when no volume can have written them.</summary>
    /// <param name="content">Whole pages.</param>
    /// <param name="nextCookie">A cookie above all cookies in use.</param>
    public static DirectoryContent? TryRead(ReadOnlySpan<byte> content, ulong nextCookie)
    {
        var directory = new DirectoryContent();
        if (content.Length % Page.Size != 0)
        {
            return null;
        }
        for (var page = 0; page * Page.Size < content.Length; page++)
        {
            if (!DirectoryPage.TryRead(content.Slice(page * Page.Size, Page.Size), out var items))
            {
                return null;
            }
            directory.pages.Add(items);
            directory.filled.Add(items.Sum(item => item.StoredSize));
            foreach (var item in items)
            {
                item.Page = page;
                if (item.Cookie == 0 || item.Cookie >= nextCookie || !directory.names.TryAdd(item.Name, item))
                {
                    return null;
                }
                directory.order.Add((item.Cookie, item));
            }
        }
        directory.order.Sort(static (a, b) => a.Cookie.CompareTo(b.Cookie));
        for (var i = 1; i < directory.order.Count; i++)
        {
            if (directory.order[i - 1].Cookie == directory.order[i].Cookie)
            {
                return null;
            }
        }
        return directory;
    }

    /// <summary>Finds a name.</summary>
    public DirectoryItem? Find(string name) => names.GetValueOrDefault(name);

    /// <summary>Adds a name that is not there.</summary>
    /// <returns>The page that changed.</returns>
    public int Add(DirectoryItem item)
    {
        var size = item.StoredSize;
        while (firstWithSpace < pages.Count && filled[firstWithSpace] > DirectoryPage.Capacity - DirectoryPage.MaxItemSize)
        {
            firstWithSpace++;
        }
        var page = firstWithSpace;
        while (page < pages.Count && filled[page] + size > DirectoryPage.Capacity)
        {
            page++;
        }
        if (page == pages.Count)
        {
            pages.Add([]);
            filled.Add(0);
        }
        item.Page = page;
        pages[page].Add(item);
        filled[page] += size;
        names.Add(item.Name, item);
        order.Add((item.Cookie, item));
        return page;
    }

    /// <summary>Removes a name.</summary>
    /// <returns>The page that changed.</returns>
    public int Remove(DirectoryItem item)
    {
        names.Remove(item.Name);
        pages[item.Page].Remove(item);
        filled[item.Page] -= item.StoredSize;
        firstWithSpace = Math.Min(firstWithSpace, item.Page);
        order[IndexOf(item.Cookie)] = (item.Cookie, null);
        if (order.Count > 2 * names.Count + 16)
        {
            order.RemoveAll(static entry => entry.Item is null);
        }
        return item.Page;
    }

    /// <summary>Writes a page.</summary>
    public void WritePage(int page, Span<byte> content) => DirectoryPage.Write(pages[page], content);

    /// <summary>The names from a cookie on, in the order of their cookies.</summary>
    public IEnumerable<DirectoryItem> ListFrom(ulong cookie)
    {
        for (var i = IndexOf(cookie); i < order.Count; i++)
        {
            if (order[i].Item is { } item)
            {
                yield return item;
            }
        }
    }

    // The index of the first entry with this cookie or a higher one.
    private int IndexOf(ulong cookie)
    {
        var (low, high) = (0, order.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            (low, high) = order[middle].Cookie < cookie ? (middle + 1, high) : (low, middle);
        }
        return low;
    }
}
