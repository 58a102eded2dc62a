ı
–í
8
Const
output"dtype"
valuetensor"
dtypetype
C
Placeholder
output"dtype"
dtypetype"
shapeshape:
l
	ReverseV2
tensor"T
axis"Tidx
output"T"
Tidxtype0:
2	"
Ttype:
2	
"serve*1.7.02v1.7.0-3-g024aecf4148Ñ
€
PlaceholderPlaceholder*0
_output_shapes
:ÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿ*
dtype0*%
shape:ÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿ
X
ReverseV2/axisConst*
_output_shapes
:*
dtype0*
valueB:
n
	ReverseV2	ReverseV2PlaceholderReverseV2/axis*
T0*0
_output_shapes
:ÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿ"*
mirror‚
2
x-
Placeholder:0ÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿ0
y+
ReverseV2:0ÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿÿtensorflow/serving/predict