# The nearest same job for awk: requests by (second, status), and a logarithmic histogram of the
# service time by dyno. Tokens are walked from the right, as l2met does.
/heroku\[router\]/ {
  status = service = dyno = ""
  for (i = NF; i > 2; i--) {
    if (substr($i, 1, 7) == "status=") status = substr($i, 8)
    else if (substr($i, 1, 8) == "service=") service = substr($i, 9) + 0
    else if (substr($i, 1, 5) == "dyno=") { dyno = substr($i, 6); break }
  }
  requests[substr($1, 1, 19), status]++
  services[dyno, int(log(service + 1) * 46)]++
}
END {
  for (key in requests) print "requests", key, requests[key]
  for (key in services) print "service", key, services[key]
}
