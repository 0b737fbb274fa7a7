using System.Buffers;
using System.Diagnostics;
using System.IO.Pipelines;
using System.Text;

namespace Automation.Server.Sandbox;

/// <summary>One sandbox process: requests go in, answers come out in the same order.</summary>
/// <remarks>
/// The program writes each answer before it starts the next request, so the first request without an answer is the one that runs. Whoever
/// sends must hold the pool's lock; writing and reading run beside it and never block a thread.
/// </remarks>
internal sealed class SandboxProcess : IThreadPoolWorkItem
{
    private const int MaxUnwrittenBytes = 1024 * 1024;
    private const int KeptBufferBytes = 256 * 1024;
    private const int SlackBytes = 8 * 1024 * 1024; // log, and the answer to a check

    private readonly Lock gate = new();
    private readonly Queue<SandboxRequest> inFlight = new();
    private readonly LoadedPrograms loaded;
    private readonly SandboxOptions options;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Process process;
    private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly StringBuilder said = new();
    private ArrayBufferWriter<byte> filling = new(), writing = new();
    private bool isWriting, isClosed;
    private long headSince;

    public SandboxProcess(Process process, SandboxOptions options, TimeProvider time, ILogger logger)
    {
        (this.process, this.options, this.time, this.logger) = (process, options, time, logger);
        Id = process.Id;
        loaded = new LoadedPrograms(options.MaxPrograms);
        headSince = time.GetTimestamp();
    }

    public int Id { get; }

    /// <summary>The request for which we killed it, and why. Its answer may have come in the same moment: then nobody is to blame.</summary>
    public (SandboxRequest Request, SandboxErrorKind Reason)? Condemned { get; private set; }

    public int ExitCode => process.HasExited ? process.ExitCode : 0;

    /// <summary>The end of what it wrote to standard error.</summary>
    public string Said
    {
        get
        {
            lock (said) return said.ToString();
        }
    }

    /// <summary>V8 writes so before it ends a process whose heap is full.</summary>
    public bool RanOutOfMemory => Said.Contains("out of memory", StringComparison.OrdinalIgnoreCase);

    public long ResidentBytes => ProcessLimits.ResidentBytes(process);

    /// <summary>Done when the program has said that it is ready; fails if it ended before.</summary>
    public Task Ready => ready.Task;

    /// <summary>How many requests have no answer, and how long the first of them, or the idleness, has lasted.</summary>
    public (int InFlight, TimeSpan Age, bool CanTake) Load
    {
        get
        {
            lock (gate)
            {
                var canTake = !isClosed && inFlight.Count < options.MaxInFlight && filling.WrittenCount < MaxUnwrittenBytes;
                return (inFlight.Count, time.GetElapsedTime(headSince), canTake);
            }
        }
    }

    /// <summary>Takes the request, to be written at the next <see cref="Flush"/>; false if it cannot take more.</summary>
    public bool TrySend(SandboxRequest request)
    {
        lock (gate)
        {
            if (isClosed || inFlight.Count >= options.MaxInFlight || filling.WrittenCount >= MaxUnwrittenBytes) return false;
            if (inFlight.Count == 0) headSince = time.GetTimestamp();
            request.Write(filling, loaded);
            inFlight.Enqueue(request);
            return true;
        }
    }

    /// <summary>Starts writing what was taken: at once for a single request, else a moment later, so that more of them go in one write.</summary>
    public void Flush()
    {
        bool alone;
        lock (gate)
        {
            if (isWriting || filling.WrittenCount == 0) return;
            isWriting = true;
            alone = inFlight.Count == 1;
        }

        if (alone) ((IThreadPoolWorkItem)this).Execute();
        else ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute() => _ = WriteAsync();

    /// <summary>Kills it for what its first unanswered request does, if that has run for at least this long.</summary>
    public void Condemn(SandboxErrorKind reason, TimeSpan age)
    {
        lock (gate)
        {
            if (Condemned is not null || !inFlight.TryPeek(out var head) || time.GetElapsedTime(headSince) < age) return;
            Condemned = (head, reason);
            isClosed = true;
        }

        Kill();
    }

    public void Kill()
    {
        try
        {
            process.Kill();
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // it has ended by itself
        }
    }

    /// <summary>Ends an idle process kindly: its standard input ends.</summary>
    public void Retire()
    {
        lock (gate) isClosed = true;
        try
        {
            process.StandardInput.Close();
        }
        catch (Exception e) when (e is IOException or InvalidOperationException)
        {
            // it has ended by itself
        }
    }

    public void ExtendCpu() => ProcessLimits.ExtendCpu(process);

    /// <summary>Reads answers until the process ends, then returns the requests that have none. Calls <paramref name="answered"/> after each read.</summary>
    public async Task<IReadOnlyList<SandboxRequest>> RunAsync(Action answered)
    {
        var listening = ListenAsync();
        try
        {
            await ReadAsync(answered);
        }
        catch (Exception e)
        {
            // a broken pipe, or an answer that makes no sense: the process is of no more use
            Say(e.Message);
        }

        lock (gate) isClosed = true;
        Kill();
        await process.WaitForExitAsync();
        await listening;
        ready.TrySetException(new SandboxUnavailableException($"Scripts cannot run: the sandbox process ended at its start with code {ExitCode}: {Said}"));
        lock (gate) return [.. inFlight];
    }

    public void Dispose() => process.Dispose();

    private async Task ReadAsync(Action answered)
    {
        var reader = PipeReader.Create(process.StandardOutput.BaseStream, new StreamPipeReaderOptions(bufferSize: 64 * 1024, minimumReadSize: 4096));
        while (true)
        {
            var read = await reader.ReadAsync();
            var buffer = read.Buffer;
            while (SandboxFrames.TryRead(ref buffer, out var kind, out var body)) Take(kind, body);
            if (buffer.Length > options.OutputBytes + SlackBytes) throw new InvalidDataException("An answer is larger than it may be.");
            reader.AdvanceTo(buffer.Start, buffer.End);
            answered();
            if (read.IsCompleted) return;
        }
    }

    private void Take(byte kind, ReadOnlySequence<byte> body)
    {
        if (kind == SandboxFrames.Ready)
        {
            ready.TrySetResult();
            return;
        }

        SandboxRequest? head;
        lock (gate) inFlight.TryPeek(out head);
        if (head is null) throw new InvalidDataException("An answer came that nobody asked for.");
        head.Answer(kind, body);
        lock (gate)
        {
            inFlight.Dequeue();
            headSince = time.GetTimestamp();
        }
    }

    private async Task WriteAsync()
    {
        try
        {
            var stream = process.StandardInput.BaseStream;
            while (true)
            {
                lock (gate)
                {
                    if (filling.WrittenCount == 0)
                    {
                        isWriting = false;
                        return;
                    }

                    (filling, writing) = (writing, filling);
                }

                await stream.WriteAsync(writing.WrittenMemory);
                if (writing.Capacity > KeptBufferBytes) writing = new ArrayBufferWriter<byte>();
                else writing.ResetWrittenCount();
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // the process is ending; reading sees it too and hands the requests back
        }
    }

    private async Task ListenAsync()
    {
        var buffer = new char[1024];
        int count;
        while ((count = await process.StandardError.ReadAsync(buffer)) > 0) Say(new string(buffer, 0, count));
    }

    private void Say(string text)
    {
        logger.SandboxSaid(Id, text);
        lock (said)
        {
            said.Append(text);
            if (said.Length > 4096) said.Remove(0, said.Length - 4096);
        }
    }
}
