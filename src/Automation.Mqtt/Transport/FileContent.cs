namespace Automation.Mqtt.Transport;

/// <summary>
/// What one or more files say. They are read again when one has changed. What cannot be read then is reported once, and what was said
/// before stays in force, so that a half written file cuts nobody off.
/// </summary>
internal sealed class FileContent<T>
    where T : class
{
    private readonly IReadOnlyList<string> _files;
    private readonly Func<T> _read;
    private readonly Action<string, Exception> _report;
    private readonly Lock _lock = new();
    private (DateTime Written, long Bytes)[] _stamps;
    private T _current;
    private bool _isGone;

    /// <param name="files">The files.</param>
    /// <param name="read">Reads them; throws <see cref="InvalidDataException"/> for what they hold, <see cref="IOException"/> when they cannot be read.</param>
    /// <param name="report">Told of changes that cannot be read.</param>
    /// <exception cref="InvalidDataException">They cannot be read now; the message names the file.</exception>
    public FileContent(IReadOnlyList<string> files, Func<T> read, Action<string, Exception> report)
    {
        _files = files;
        _read = read;
        _report = report;
        try
        {
            _stamps = Stamps();
            _current = read();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new InvalidDataException($"{string.Join(" or ", files)} cannot be read: {exception.Message}", exception);
        }
    }

    /// <summary>What the files say now. Costs a look at each of them.</summary>
    public T Current
    {
        get
        {
            lock (_lock)
            {
                try
                {
                    var stamps = Stamps();
                    if (stamps.AsSpan().SequenceEqual(_stamps))
                        return _current;
                    _stamps = stamps; // first, so that what cannot be read is tried once
                    _current = _read();
                    _isGone = false;
                }
                catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or InvalidDataException)
                {
                    var isGone = exception is not InvalidDataException;
                    if (!isGone || !_isGone)
                        _report($"Reading {string.Join(" and ", _files)} again; what was read before stays in force", exception);
                    _isGone = isGone;
                    if (isGone)
                        _stamps = []; // tried again each time
                }

                return _current;
            }
        }
    }

    // By handle: a link's own time does not change when what it leads to does, and mounted secrets are links.
    private (DateTime Written, long Bytes)[] Stamps()
    {
        var stamps = new (DateTime, long)[_files.Count];
        for (var index = 0; index < stamps.Length; index++)
        {
            using var file = File.OpenHandle(_files[index]);
            stamps[index] = (File.GetLastWriteTimeUtc(file), RandomAccess.GetLength(file));
        }

        return stamps;
    }
}
