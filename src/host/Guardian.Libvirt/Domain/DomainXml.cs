using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;
using System.Xml;
using System.Xml.Linq;
using Guardian.Refusals;

namespace Guardian.Libvirt.Domain;

/// <summary>Reads and writes libvirt's domain XML (docs/formatdomain.html) as far as Guardian needs it.</summary>
public static class DomainXml
{
    // REMOTE_STRING_MAX: no daemon reads a longer definition.
    private const int MaxCharacters = 4_194_304;

    // libxml2's own limit; libvirt's formats end far above it.
    private const int MaxDepth = 256;

    // The powers that libvirt's virScaleInteger knows, in lower case. A lone letter and 'iB' count by 1024, 'B' by 1000.
    private const string Prefixes = "kmgtpe";

    /// <summary>Reads a definition. Never throws for any content.</summary>
    /// <returns>The document, or <see cref="LibvirtReasons.MalformedXml"/>.</returns>
    public static Outcome<XDocument> Read(string xml)
    {
        try
        {
            var settings = new XmlReaderSettings
            {
                DtdProcessing = DtdProcessing.Prohibit,
                XmlResolver = null,
                MaxCharactersInDocument = MaxCharacters,
            };
            // Fewer elements cannot be nested deeper, so most definitions are parsed only once.
            if (xml.AsSpan().Count('<') - xml.AsSpan().Count("</") > MaxDepth && IsDeep(xml, settings))
            {
                return LibvirtReasons.MalformedXml.Because($"elements are nested more than {MaxDepth} deep");
            }
            using var reader = XmlReader.Create(new StringReader(xml), settings);
            return XDocument.Load(reader, LoadOptions.PreserveWhitespace);
        }
        catch (XmlException failure)
        {
            return LibvirtReasons.MalformedXml.Because(failure.Message);
        }
    }

    /// <summary>Writes a definition so that a reader gets back every character of its values.</summary>
    public static string Write(XDocument document)
    {
        var text = new StringBuilder();
        var settings = new XmlWriterSettings { OmitXmlDeclaration = true, NewLineHandling = NewLineHandling.Entitize };
        using (var writer = XmlWriter.Create(text, settings))
        {
            document.Save(writer);
        }
        return text.ToString();
    }

    /// <summary>Reads a size in KiB, rounded up as libvirt does; false when it is not a size, or absurdly large.</summary>
    /// <param name="value">A whole number.</param>
    /// <param name="unit">The attribute <c>unit</c>; null means KiB.</param>
    /// <param name="kibibytes">Receives the size.</param>
    public static bool TryReadKibibytes([NotNullWhen(true)] string? value, string? unit, out long kibibytes)
    {
        kibibytes = 0;
        if (!ulong.TryParse(value?.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out var number)
            || !TryReadUnit(unit ?? "KiB", out var scale))
        {
            return false;
        }
        // No guest has a pebibyte. A definition has room for less than a million sizes, so no sum of them overflows.
        var bytes = (UInt128)number * scale;
        if (bytes > 1UL << 50)
        {
            return false;
        }
        kibibytes = (long)((bytes + 1023) / 1024);
        return true;
    }

    /// <summary>Reads the size that an element holds, as <see cref="TryReadKibibytes(string?, string?, out long)"/> does.</summary>
    public static bool TryReadKibibytes(XElement? element, out long kibibytes) =>
        TryReadKibibytes(element?.Value, (string?)element?.Attribute("unit"), out kibibytes);

    private static bool IsDeep(string xml, XmlReaderSettings settings)
    {
        using var reader = XmlReader.Create(new StringReader(xml), settings);
        while (reader.Read())
        {
            if (reader.Depth > MaxDepth)
            {
                return true;
            }
        }
        return false;
    }

    private static bool TryReadUnit(string unit, out ulong scale)
    {
        scale = 1;
        var text = unit.ToLowerInvariant();
        if (text is "" or "b" or "byte" or "bytes")
        {
            return true;
        }
        var power = Prefixes.IndexOf(text[0], StringComparison.Ordinal) + 1;
        ulong root = text[1..] switch { "" or "ib" => 1024, "b" => 1000, _ => 0 };
        for (var i = 0; i < power; i++)
        {
            scale *= root;
        }
        return power > 0 && root > 0;
    }
}
