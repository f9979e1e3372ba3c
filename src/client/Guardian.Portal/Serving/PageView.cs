using Microsoft.AspNetCore.Components;

namespace Guardian.Portal.Serving;

/// <summary>The place of a page: the beginning of its addresses, and what its forms carry.</summary>
/// <param name="Base">The beginning of all paths of this run, without a slash at its end.</param>
/// <param name="FormToken">The value that each form carries.</param>
public sealed record PagePlace(string Base, string FormToken)
{
    /// <summary>The address of a page.</summary>
    /// <param name="path">Its path, which begins with <c>/</c>.</param>
    public string Url(string path) => Base + path;
}

/// <summary>A component that shows values.</summary>
/// <typeparam name="TModel">The values.</typeparam>
public abstract class PageView<TModel> : ComponentBase
{
    /// <summary>The values.</summary>
    [Parameter, EditorRequired]
    public TModel Model { get; set; } = default!;

    /// <summary>The place of the page.</summary>
    [Parameter, EditorRequired]
    public PagePlace At { get; set; } = null!;
}
